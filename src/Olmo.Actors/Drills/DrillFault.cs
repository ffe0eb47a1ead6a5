namespace Olmo.Actors.Drills;

/// <summary>A fault that a run causes itself, so that its operator sees what becomes of it.</summary>
/// <param name="Index">Place in the recipe's list; names the fault's mark in the run's folder.</param>
/// <param name="Act">What it does.</param>
/// <param name="At">Moment (<see cref="Runs.Phases"/>) at which it does so; empty where the act has a place of its own.</param>
/// <param name="Process">Number of the process, <see cref="AnyProcess"/>, or <see cref="Coordinator"/>.</param>
/// <param name="Step">Step; 0: any.</param>
/// <param name="Group">Group; -1: any.</param>
/// <param name="Pass">How often the process passes the place first within the step.</param>
/// <param name="Factor">Of <see cref="DrillAct.Slow"/> and <see cref="DrillAct.Spike"/>.</param>
/// <param name="Duration">Of <see cref="DrillAct.Slow"/>; zero: by factor.</param>
/// <param name="Steps">For how many steps from the first.</param>
/// <param name="IsOnce">Strikes once per folder (and step, where there are several), so that a replacement or a replay is spared; else whenever the place is passed.</param>
/// <param name="Link">Of <see cref="DrillAct.LoseLink"/>.</param>
/// <param name="Place">Place on the machine of the rank's process, or <see cref="AnyPlace"/>: whoever is started there has the fault.</param>
public sealed record DrillFault(
    int Index, DrillAct Act, string At, int Process = DrillFault.AnyProcess, long Step = 0, int Group = -1, int Pass = 0, double Factor = 1, TimeSpan Duration = default,
    long Steps = 1, bool IsOnce = true, DrillLinks Link = DrillLinks.Both, int Place = DrillFault.AnyPlace)
{
    /// <summary>The first process that gets there.</summary>
    public const int AnyProcess = -1;

    /// <summary>Wherever it stands.</summary>
    public const int AnyPlace = -1;

    /// <summary>Whichever process coordinates.</summary>
    public const int Coordinator = -2;

    /// <summary>The number by which a process that coordinates and trains is meant.</summary>
    public const int OnlyProcess = 0;

    /// <summary>Whether a step is one of the fault's.</summary>
    public bool Covers(long step) => Step == 0 || (step >= Step && step < Step + Steps);
}

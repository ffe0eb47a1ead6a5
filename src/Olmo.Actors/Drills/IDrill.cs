namespace Olmo.Actors.Drills;

/// <summary>
/// What the parts of a run ask where a drill may change what happens, and which guards are on. Injected; <see cref="NoDrill"/> everywhere but in a run whose recipe has a
/// section <c>drill</c>. Called from any thread.
/// </summary>
public interface IDrill
{
    /// <summary>Guards that are on.</summary>
    Guards Guards { get; }

    /// <summary>A moment is passed. Does not return where the fault ends or stops the process.</summary>
    /// <param name="phase">Name of the moment.</param>
    /// <param name="step">Its step; 0 where it has none.</param>
    /// <param name="group">Its group; -1 where it has none: then only faults of any group strike, else only faults of this one.</param>
    /// <exception cref="DrillException">The fault is a failure.</exception>
    void Passed(string phase, long step, int group = -1);

    /// <summary>Whether an act that has a place of its own strikes here and now; the caller does what it says.</summary>
    /// <param name="act">The act.</param>
    /// <param name="step">Step; 0 where it is not known.</param>
    /// <param name="group">Group; -1 where there is none.</param>
    /// <returns>The fault that strikes, or null.</returns>
    DrillFault? Strikes(DrillAct act, long step, int group = -1);

    /// <summary>How often the links of a kind were lost: one that was made before the last time carries nothing any more.</summary>
    int Losses(DrillLinks links) => 0;
}

namespace Olmo.Recovery;

/// <summary>A rank's process as the run's output tells of it.</summary>
internal sealed class RankSight(int number, int process)
{
    public int Number => number;

    public int Process => process;

    public bool IsReady { get; set; }

    public bool IsAlive { get; set; } = true;
}

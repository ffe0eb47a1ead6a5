namespace Olmo.Host;

/// <summary>Exit codes of the <c>olmo</c> command.</summary>
internal static class ExitCodes
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>Bad usage, recipe or input, or the run is alive in another process.</summary>
    public const int Usage = 2;

    /// <summary>The run failed with a typed reason; of a rank: its process found no memory.</summary>
    public const int Failed = 3;

    /// <summary>Preempted: the same command resumes.</summary>
    public const int Preempted = 4;

    /// <summary>Of a rank's process: it failed its self-test, or its GPU cannot be used or has another numerics id than the run.</summary>
    public const int Unfit = 5;
}

namespace Olmo.Actors.Runs;

/// <summary>What went wrong in a rank. Numbers are stored and never reused.</summary>
public enum FaultKind
{
    /// <summary>A batch could not be read after the loader's own retries.</summary>
    Loader = 1,

    /// <summary>The engine threw while it computed.</summary>
    Compute = 2,

    /// <summary>A loss or gradient was not finite and the policy is not to skip the step.</summary>
    NonFinite = 3,

    /// <summary>A checkpoint to resume from is missing a file, or a digest differs.</summary>
    UnreadableCheckpoint = 4,

    /// <summary>A checkpoint that must exist before the run may go on or end could not be written.</summary>
    StorageFull = 5,

    /// <summary>The rank's process ended, or nothing was heard of it.</summary>
    ProcessLost = 6,

    /// <summary>Too many steps in a row were not finite; the run goes back and leaves the data since then out.</summary>
    RunNotFinite = 7,

    /// <summary>Too many steps in a row were outliers; the run goes back and leaves the data since then out.</summary>
    RunSpiked = 8,

    /// <summary>A rank stood in a section of its work for longer than that may take.</summary>
    Hung = 10,
}

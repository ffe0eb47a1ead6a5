namespace Olmo.Actors.Runs;

/// <summary>Why a run is not running. Numbers are stored and never reused.</summary>
public enum StopReason
{
    /// <summary>Every step of the recipe is done, committed, evaluated and exported.</summary>
    Completed = 1,

    /// <summary>Somebody asked (Ctrl-C, SIGTERM, a message): the state is committed and the same command goes on.</summary>
    Preempted = 2,

    /// <summary>A key that decides bits differs from the run's first start.</summary>
    RecipeChanged = 3,

    /// <summary>The text, the tokenizer or the token files could not be prepared.</summary>
    PreparationFailed = 4,

    /// <summary>Batches could not be read, and the budget of the supervision ladder is spent.</summary>
    DataUnreadable = 5,

    /// <summary>The rank failed again and again, and the budget of the supervision ladder is spent.</summary>
    RankFailed = 6,

    /// <summary>Loss or gradient was not finite and the policy says stop.</summary>
    NonFinite = 7,

    /// <summary>A checkpoint that had to be written found no room.</summary>
    StorageFull = 8,

    /// <summary>Checkpoints were committed, but none of them can be read.</summary>
    NoReadableCheckpoint = 9,

    /// <summary>Several generations in a row failed before they passed the step where the one before failed.</summary>
    NoProgress = 10,

    /// <summary>The journal stayed unavailable longer than its budget.</summary>
    JournalUnavailable = 11,

    /// <summary>The final evaluation or the export failed.</summary>
    FinishFailed = 12,

    /// <summary>Loss or gradient norm spiked again soon after the run had gone back for it.</summary>
    LossSpiked = 13,

    /// <summary>Two ranks compute the same group differently, each the same way twice, and there is no third to ask.</summary>
    AuditUndecided = 14,
}

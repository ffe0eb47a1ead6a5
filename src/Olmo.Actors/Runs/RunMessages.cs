using Olmo.Actors.Checkpoints;

namespace Olmo.Actors.Runs;

/// <summary>To a run's supervisor: stop with a checkpoint of the next step boundary; the run can go on by the same command.</summary>
public sealed record RequestStop(string By);

/// <summary>To a run's supervisor: what is going on. Answered with <see cref="RunStatus"/>.</summary>
public sealed record GetRunStatus
{
    /// <summary>The message.</summary>
    public static GetRunStatus Instance { get; } = new();
}

/// <summary>Answer to <see cref="GetRunStatus"/>.</summary>
public sealed record RunStatus(RunState State, CheckpointCommitted? Newest, string Phase);

/// <summary>Published on the event stream when the journal cannot be written or read; steps go on, commits wait.</summary>
public sealed record JournalUnavailable(string Reason);

/// <summary>Published on the event stream when the journal answers again.</summary>
public sealed record JournalAvailable;

/// <summary>Published on the event stream with every event of the run once it is durable.</summary>
public sealed record RunEventStored(RunEvent Event);

/// <summary>Published on the event stream while a world cannot be formed, as fewer ranks are ready than the recipe asks for.</summary>
public sealed record WaitingForRanks(long Generation, int Ranks, int MinRanks);

namespace Olmo.Actors.Nodes;

/// <summary>What a child process of a node is for. Numbers stand on the wire and are never reused.</summary>
public enum ProcessRole
{
    /// <summary>Supervisor of the run, coordinator of checkpoints, journal.</summary>
    Coordinator = 1,

    /// <summary>A rank or a spare.</summary>
    Rank = 2,
}

/// <summary>From a child to its node: its actors can be reached; a rank has also run a step of the recipe's shapes once.</summary>
/// <param name="Number">Number of the process.</param>
/// <param name="ProcessId">Its id.</param>
/// <param name="StartToReady">Time since the process was started.</param>
/// <param name="ResidentBytes">Its resident memory now.</param>
public sealed record ProcessReady(int Number, int ProcessId, TimeSpan StartToReady, long ResidentBytes);

/// <summary>From a coordinator to its node: the supervisor of the run can be told things.</summary>
/// <param name="Number">Number of the process.</param>
public sealed record SupervisorUp(int Number);

/// <summary>A living rank process as its node knows it.</summary>
/// <param name="Rank">Number of the process.</param>
/// <param name="IsReady">Whether it reported <see cref="ProcessReady"/>.</param>
/// <param name="IsSilent">Whether it is frozen: alive, and nothing is heard of it.</param>
public sealed record RankProcess(int Rank, bool IsReady, bool IsSilent);

/// <summary>From a node to the coordinator, with every change and to every new coordinator: all living rank processes by number. The newest list counts.</summary>
public sealed record ProcessList(IReadOnlyList<RankProcess> Ranks);

/// <summary>From a node to the coordinator: a rank's process ended.</summary>
/// <param name="Rank">Number of the process.</param>
/// <param name="ExitCode">Its exit code, or null where a signal ended it.</param>
/// <param name="Signal">The signal, or null.</param>
public sealed record ProcessEnded(int Rank, int? ExitCode, int? Signal);

/// <summary>To a node: have this many rank processes, spares included. More are started; none is ended.</summary>
public sealed record StartProcesses(int Target);

/// <summary>To a node: kill a rank's process, the last resort.</summary>
/// <param name="Rank">Number of the process.</param>
/// <param name="Reason">For the log.</param>
/// <param name="BarsPlace">Its place, and so its processors, are not used for some time, and after a further conviction not any more.</param>
public sealed record KillProcess(int Rank, string Reason, bool BarsPlace = false);

/// <summary>From a node to a child: end now.</summary>
public sealed record EndProcess(string Reason);

/// <summary>To a node's actor: the run is over; end every child. The actor stops when all have ended.</summary>
public sealed record CloseNode(string Reason);

/// <summary>Published by a node that cannot keep its children alive.</summary>
public sealed record NodeFailed(string Reason);

/// <summary>Published by a node when a child process came or went, for those who watch.</summary>
/// <param name="Role">What it is for.</param>
/// <param name="Number">Number of the process.</param>
/// <param name="What">One clause for a person.</param>
public sealed record ProcessChanged(ProcessRole Role, int Number, string What);

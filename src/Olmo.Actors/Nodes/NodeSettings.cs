using System.Collections.Immutable;

namespace Olmo.Actors.Nodes;

/// <summary>What a node's actor is told once.</summary>
/// <param name="Target">Rank processes to have, spares included.</param>
/// <param name="Respawns">Whether a rank process that ended is replaced without being asked for.</param>
/// <param name="FrozenCoordinator">How long a coordinator may be silent before it is killed and replaced; null: for ever, as steps go on without it.</param>
/// <param name="MaxFailedStarts">Processes of one role that may end in a row before they were of any use (a rank ready, a coordinator connected); one more fails the node.</param>
/// <param name="HopelessExitCode">Exit code of a child whose mistake another start does not mend: it fails the node at once.</param>
/// <param name="EndGrace">How long children may take to end when the run is over, before they are killed.</param>
/// <param name="NextNumber">The next process number: rises, and is never given twice in a run.</param>
/// <param name="Describe">What to start for a role, number and slot, the lowest number that no living process of the role has; and the places that are not to be used, nor their processors.</param>
public sealed record NodeSettings(
    int Target, bool Respawns, TimeSpan? FrozenCoordinator, int MaxFailedStarts, int HopelessExitCode, TimeSpan EndGrace, Func<int> NextNumber,
    Func<ProcessRole, int, int, IReadOnlySet<int>, ProcessStart> Describe)
{
    /// <summary>Exit code of a rank's process that failed its self-test: its place gets one more try, and no third.</summary>
    public int? UnfitExitCode { get; init; }

    /// <summary>
    /// Longest wait of a rank's replacement for the recovery from its death: its start takes processor time that the survivors' recovery needs, and nobody waits for it where other
    /// ranks live. 0: none.
    /// </summary>
    public TimeSpan ReplacementDelay { get; init; }

    /// <summary>How long a rank may be silent before its process is killed; null: for ever.</summary>
    public TimeSpan? FrozenRank { get; init; }

    /// <summary>How long the place of a convicted rank stays empty. 0: it may be used at once.</summary>
    public TimeSpan ConvictedRest { get; init; }

    /// <summary>Convictions of a place after which it is quarantined: not used any more.</summary>
    public int MaxConvictions { get; init; } = int.MaxValue;

    /// <summary>How often ranks in a place were convicted of wrong arithmetic before this node was: a place is a piece of hardware, which no restart mends.</summary>
    public IReadOnlyDictionary<int, int> Convictions { get; init; } = ImmutableDictionary<int, int>.Empty;

    /// <summary>Keeps them beyond the life of the node: replaces what was kept, durable on return, or an <see cref="IOException"/>.</summary>
    public Action<IReadOnlyDictionary<int, int>> KeepConvictions { get; init; } = _ => { };
}

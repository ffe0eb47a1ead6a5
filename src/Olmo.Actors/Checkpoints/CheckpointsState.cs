using System.Collections.Immutable;

namespace Olmo.Actors.Checkpoints;

/// <summary>The checkpoints of a run: a fold of their events.</summary>
public sealed record CheckpointsState
{
    /// <summary>The state before the first event.</summary>
    public static CheckpointsState Initial { get; } = new();

    /// <summary>Checkpoints that count, in the order of their commits.</summary>
    public ImmutableList<CheckpointCommitted> Committed { get; init; } = [];

    /// <summary>Attempts that have neither ended nor been committed; one of a timeline's step.</summary>
    public ImmutableList<CheckpointBegun> Begun { get; init; } = [];

    /// <summary>Newest abandoned attempts, one of a timeline's step, with the generation from which on reports of them count again.</summary>
    public ImmutableList<CheckpointAbandoned> AbandonedAt { get; init; } = [];

    /// <summary>Attempts that ended without a checkpoint, as long as the run lives.</summary>
    public int Abandoned { get; init; }

    /// <summary>Committed checkpoints that could not be read later.</summary>
    public ImmutableList<CheckpointRejected> Rejected { get; init; } = [];

    /// <summary>Committed checkpoints that a convicted rank took part in, as long as their files are kept.</summary>
    public ImmutableList<CheckpointSuspected> Suspect { get; init; } = [];

    /// <summary>Whether a checkpoint is suspect.</summary>
    public bool IsSuspect(CheckpointCommitted checkpoint) => Suspect.Exists(s => s.Timeline == checkpoint.Timeline && s.Step == checkpoint.Step);

    /// <summary>The next state. Pure.</summary>
    public static CheckpointsState Apply(CheckpointsState state, CheckpointEvent happened) => happened switch
    {
        CheckpointBegun e => state with { Begun = state.WithoutBegun(e.Timeline, e.Step).Add(e) },
        CheckpointCommitted e => state with
        {
            Committed = state.Committed.RemoveAll(c => c.Timeline == e.Timeline && c.Step == e.Step).Add(e),
            Begun = state.WithoutBegun(e.Timeline, e.Step),
            AbandonedAt = state.AbandonedAt.RemoveAll(a => a.Timeline < e.Timeline || (a.Timeline == e.Timeline && a.Step <= e.Step)),
        },
        CheckpointAbandoned e => state with
        {
            Begun = state.WithoutBegun(e.Timeline, e.Step),
            AbandonedAt = state.AbandonedAt.RemoveAll(a => a.Timeline == e.Timeline && a.Step == e.Step).Add(e),
            Abandoned = state.Abandoned + 1,
        },
        CheckpointRejected e => state with
        {
            Committed = state.Committed.RemoveAll(c => c.Timeline == e.Timeline && c.Step == e.Step),
            Rejected = state.Rejected.Add(e),
            Suspect = state.Suspect.RemoveAll(s => s.Timeline == e.Timeline && s.Step == e.Step),
        },
        CheckpointSuspected e => state with { Suspect = state.Suspect.RemoveAll(s => s.Timeline == e.Timeline && s.Step == e.Step).Add(e) },
        CheckpointRetired e => state with
        {
            Committed = state.Committed.RemoveAll(c => c.Timeline == e.Timeline && c.Step == e.Step),
            Suspect = state.Suspect.RemoveAll(s => s.Timeline == e.Timeline && s.Step == e.Step),
        },
        _ => throw new InvalidOperationException($"{happened.GetType().Name} is no event of checkpoints."),
    };

    /// <summary>Whether an attempt at a step is under way.</summary>
    public bool IsBegun(int timeline, long step) => Begun.Exists(b => b.Timeline == timeline && b.Step == step);

    /// <summary>The newest checkpoint that a run may resume from: one of its newest timeline, or of an older one up to the step where it was left.</summary>
    public CheckpointCommitted? Newest(Lineage lineage) => NewestUpTo(lineage, long.MaxValue);

    /// <summary>The newest checkpoint up to a step; where there is none, the oldest.</summary>
    public CheckpointCommitted? NewestUpTo(Lineage lineage, long step)
    {
        ArgumentNullException.ThrowIfNull(lineage);
        CheckpointCommitted[] history = [.. Committed.Where(c => lineage.Counts(c.Timeline, c.Step) && !IsSuspect(c)).OrderBy(c => c.Step).ThenBy(c => c.Timeline)];
        return Array.FindLast(history, c => c.Step <= step) ?? history.FirstOrDefault();
    }

    /// <summary>
    /// The checkpoints that retention lets go once another was committed: of the ones that are not permanent, all but the newest <paramref name="keep"/>.
    /// The newest that counts is never among them, nor is the newest up to <paramref name="needed"/>. Suspect ones are counted by themselves.
    /// </summary>
    public ImmutableList<CheckpointCommitted> Expired(int keep, long? needed = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keep, 1);
        CheckpointCommitted[] ordered = [.. Committed.Where(c => !c.Permanent).OrderByDescending(c => c.Step).ThenByDescending(c => c.Timeline)];
        CheckpointCommitted? kept = needed is { } step ? Array.Find(ordered, c => c.Step <= step && !IsSuspect(c)) : null;
        return [.. ordered.Where(c => !IsSuspect(c)).Skip(keep).Where(c => c != kept), .. ordered.Where(IsSuspect).Skip(keep)];
    }

    /// <summary>Names that the collector of garbage must leave alone: files of every checkpoint that counts.</summary>
    public ImmutableHashSet<string> NamesInUse() => [.. Committed.SelectMany(c => c.Shards.Append(c.Manifest))];

    private ImmutableList<CheckpointBegun> WithoutBegun(int timeline, long step) => Begun.RemoveAll(b => b.Timeline == timeline && b.Step == step);
}

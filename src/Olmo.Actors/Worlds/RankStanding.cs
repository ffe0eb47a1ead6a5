namespace Olmo.Actors.Worlds;

/// <summary>The generations that a rank knows.</summary>
/// <param name="Generation">World whose plan it took; 0 before the first.</param>
/// <param name="Promised">Newest number for which it reported or whose plan it took; never below <paramref name="Generation"/>.</param>
public readonly record struct RankStanding(long Generation, long Promised)
{
    /// <summary>True between a report and the plan: nothing is added, sent, announced or applied.</summary>
    public bool IsPromised => Promised > Generation;
}

/// <summary>How a sum reaches an owner.</summary>
public enum SumRoute
{
    /// <summary>From a rank of the owner's replica, into the own sum.</summary>
    Contribution = 1,

    /// <summary>From the owner of another replica, into the foreign sum: what that replica contributed in this generation.</summary>
    Exchange = 2,

    /// <summary>A base piece from its holder, into the foreign sum.</summary>
    Base = 3,
}

/// <summary>What is known of a frame before its numbers are added.</summary>
/// <param name="Generation">World that sent it.</param>
/// <param name="Step">Step of the sum.</param>
/// <param name="Groups">Its groups.</param>
public readonly record struct FrameTag(long Generation, long Step, GroupMask Groups);

/// <summary>What to do with a frame.</summary>
public enum FrameVerdict
{
    /// <summary>Add it.</summary>
    Add = 1,

    /// <summary>The sender is ahead (a newer generation, or a later step): keep it until this rank has caught up.</summary>
    Wait = 2,

    /// <summary>It comes from a world that is gone, or from one that this rank has promised to leave: it has no effect.</summary>
    Old = 3,

    /// <summary>It belongs to a step that is done: it has no effect.</summary>
    PastStep = 4,

    /// <summary>The owner holds one of its groups: it is refused, and this world has failed (rule 1).</summary>
    Overlap = 5,
}

/// <summary>What to do with an announcement.</summary>
public enum AnnouncementVerdict
{
    /// <summary>It counts.</summary>
    Count = 1,

    /// <summary>It is of a newer generation or of the step after this one.</summary>
    Wait = 2,

    /// <summary>It has no effect.</summary>
    Old = 3,
}

/// <summary>What a rank does with a shard when it takes a plan.</summary>
public enum ShardTask
{
    /// <summary>Neither owned nor worth keeping: what it holds of the shard is dropped.</summary>
    Drop = 1,

    /// <summary>Its state stands at m.</summary>
    Keep = 2,

    /// <summary>It stands at m - 1 with the whole sum of m: it applies m by the plan's decision, at once, before anything else happens to the sums.</summary>
    RollForward = 3,

    /// <summary>It owns the shard and copies its state from the donors of the plan.</summary>
    Fetch = 4,

    /// <summary>It owns the shard and loads it from the checkpoint, or makes its initial state.</summary>
    Load = 5,
}

/// <summary>Which of an owner's sums of a range are part of the base.</summary>
/// <param name="Own">The own sum moves into the foreign sum.</param>
/// <param name="Foreign">The foreign sum stays; else it is dropped.</param>
public readonly record struct KeptPieces(bool Own, bool Foreign);

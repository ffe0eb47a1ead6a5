namespace Olmo.Actors.Worlds;

/// <summary>What an owner's two sums of a range hold; the two are disjoint.</summary>
public readonly record struct SumPieces(GroupMask Own, GroupMask Foreign)
{
    /// <summary>All groups of both.</summary>
    public GroupMask Total => Own | Foreign;
}

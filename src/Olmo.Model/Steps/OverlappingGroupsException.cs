namespace Olmo.Model.Steps;

/// <summary>A sum was offered whose groups are, in part, in the sum already: adding it would count them twice. Nothing was added.</summary>
public sealed class OverlappingGroupsException(int layer, int shard, string held, string offered)
    : Exception($"Layer {layer}, shard {shard}: the sum holds groups {held}; a contribution of groups {offered} would count some of them twice.")
{
    public int Layer { get; } = layer;

    public int Shard { get; } = shard;
}

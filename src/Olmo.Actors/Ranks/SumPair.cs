using Olmo.Actors.Worlds;
using Olmo.Model.State;
using Olmo.Model.Steps;
using Olmo.Model.Tensors;

namespace Olmo.Actors.Ranks;

/// <summary>
/// The two sums of an owner for one generation. A rank that is alone in its replica needs no sum of its own: what it computed is the whole contribution of its replica,
/// so its local accumulator takes that place wherever the run is all that it contributes.
/// </summary>
internal sealed class SumPair : IDisposable
{
    private readonly RunInWork _run;
    private readonly GradientAccumulator _local;
    private readonly ITensorProvider _provider;
    private readonly int _groups;
    private GradientAccumulator? _own;
    private GradientAccumulator? _mixed;

    public SumPair(ITensorProvider provider, ShardPlacement placement, int groups, GradientAccumulator local, RunInWork run, bool ownIsLocal, bool hasForeign)
    {
        _local = local;
        _run = run;
        _provider = provider;
        _groups = groups;
        _own = ownIsLocal ? null : new GradientAccumulator(provider, placement, groups);
        Foreign = hasForeign ? new GradientAccumulator(provider, placement, groups) : null;
        Placement = placement;
    }

    /// <summary>Held by whoever adds to the sums or reads their sets.</summary>
    public Lock Gate { get; } = new();

    public ShardPlacement Placement { get; }

    public bool OwnIsLocal => _own is null;

    public GradientAccumulator Own => _own ?? _local;

    public GradientAccumulator? Foreign { get; }

    public GradientAccumulator Of(PieceKind kind) => kind == PieceKind.Own ? Own : Foreign!;

    /// <summary>Groups of a range; of the local accumulator only a run that is final counts.</summary>
    public SumPieces Pieces(int layer, int shard) => new(
        OwnIsLocal ? (_run.Final[layer] ? _run.Mask : default) : GroupMask.From(Own.GroupsOf(layer, shard)),
        Foreign is null ? default : GroupMask.From(Foreign.GroupsOf(layer, shard)));

    public bool IsWhole(int shard, GroupMask all)
    {
        for (int layer = 0; layer <= Placement.Layout.Layers; layer++)
        {
            if (Pieces(layer, shard).Total != all)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// By a drill that goes without rule 2, under the gate: an accumulator that holds what came from other replicas beside the own sum of the range; the own sum where nothing came.
    /// </summary>
    public GradientAccumulator WithForeign(int layer, int shard)
    {
        if (Foreign is null || Pieces(layer, shard).Foreign.IsEmpty)
        {
            return Own;
        }

        _mixed ??= new GradientAccumulator(_provider, Placement, _groups);
        _mixed.Reset();
        _mixed.Add(Own, layer, shard);
        _mixed.Add(Foreign, layer, shard);
        return _mixed;
    }

    /// <summary>Empties the sums; the local accumulator is the engine's.</summary>
    public void Reset()
    {
        _own?.Reset();
        Foreign?.Reset();
    }

    public void ResetShard(int shard)
    {
        _own?.ResetShard(shard);
        Foreign?.ResetShard(shard);
    }

    /// <summary>From now on the local accumulator is the own sum.</summary>
    public void UseLocal()
    {
        _own?.Dispose();
        _own = null;
    }

    public void Dispose()
    {
        _mixed?.Dispose();
        _own?.Dispose();
        Foreign?.Dispose();
    }
}

using Olmo.Model.State;
using Olmo.Model.Tensors;

namespace Olmo.Model.Steps;

/// <summary>
/// The fp32 gradient of an owner's shards between announcement and update, so that a sum in two parts is read once: 4 bytes per owned element, taken with the first announcement and used again by
/// whoever owns shards on this rank later.
/// </summary>
/// <remarks>Its content is of the owner that measured last, and right as long as neither part of its sum has changed since. Not for use by two threads at once.</remarks>
public sealed class StepGradient(ITensorProvider provider) : IDisposable
{
    private BufferSet? _memory;
    private Tensor _all;
    private ShardOwner? _measuredBy;
    private (long Own, long Foreign) _versions;

    /// <summary>Bytes on the provider now.</summary>
    public long SizeBytes { get; private set; }

    /// <summary>Bytes that it takes for some shards.</summary>
    public static long SizeOf(ShardPlacement placement)
    {
        ArgumentNullException.ThrowIfNull(placement);
        return PlanOf(placement, out _).SizeBytes;
    }

    /// <summary>Frees the memory.</summary>
    public void Dispose()
    {
        _memory?.Dispose();
        _memory = null;
        _measuredBy = null;
        SizeBytes = 0;
    }

    /// <summary>Memory that the owner fills now: F32, packed as its placement says.</summary>
    internal Tensor Begin(ShardOwner owner, (long Own, long Foreign) versions)
    {
        ShardPlacement placement = owner.State.Placement;
        if (_memory is null || _all.Count < placement.Elements)
        {
            Dispose();
            BufferPlan plan = PlanOf(placement, out TensorSlot slot);
            _memory = provider.Allocate(plan);
            _all = _memory[slot];
            SizeBytes = plan.SizeBytes;
        }

        (_measuredBy, _versions) = (owner, versions);
        return _all.View(0, new Shape(placement.Elements));
    }

    /// <summary>What the owner filled; false if it is another's, or a part of the sum has changed since.</summary>
    internal bool TryGet(ShardOwner owner, (long Own, long Foreign) versions, out Tensor gradient)
    {
        bool isThere = ReferenceEquals(_measuredBy, owner) && _versions == versions;
        gradient = isThere ? _all.View(0, new Shape(owner.State.Placement.Elements)) : default;
        return isThere;
    }

    private static BufferPlan PlanOf(ShardPlacement placement, out TensorSlot slot)
    {
        BufferPlan plan = new() { MayBeginWithAnything = true };
        slot = plan.Add("gradient of a step", DType.F32, new Shape(placement.Elements));
        return plan;
    }
}

using System.Runtime.InteropServices;
using Olmo.Model.Models;
using Olmo.Model.Tensors;

namespace Olmo.Model.Generation;

/// <summary>Keys (turned by RoPE) and values of every layer for a number of sequences, so that a token is computed once.</summary>
internal sealed class KeyValueCache : IDisposable
{
    private readonly BufferSet _memory;
    private readonly Tensor[] _keys;
    private readonly Tensor[] _values;
    private readonly int[] _lengths;
    private readonly List<CacheSegment> _segments = [];

    public KeyValueCache(ITensorProvider provider, OlmoConfig config, int sequences, int capacity)
    {
        Capacity = CacheGeometry.CapacityFor(capacity);
        _lengths = new int[sequences];
        BufferPlan plan = new();
        TensorSlot[] slots = new TensorSlot[2 * config.Layers];
        for (int i = 0; i < slots.Length; i++)
        {
            slots[i] = plan.Add(i < config.Layers ? "cached keys" : "cached values", DType.F32, new Shape((long)sequences * Capacity, config.KeyWidth));
        }

        _memory = provider.Allocate(plan);
        _keys = [.. slots.Take(config.Layers).Select(s => _memory[s])];
        _values = [.. slots.Skip(config.Layers).Select(s => _memory[s])];
    }

    /// <summary>Tokens that a sequence has room for.</summary>
    public int Capacity { get; }

    /// <summary>Sequences.</summary>
    public int Sequences => _lengths.Length;

    /// <summary>The rows of the pass that is running.</summary>
    public ReadOnlySpan<CacheSegment> Segments => CollectionsMarshal.AsSpan(_segments);

    /// <summary>Tokens of a sequence that are in the cache.</summary>
    public int LengthOf(int slot) => _lengths[slot];

    /// <summary>[sequences * capacity, K e] of one layer, in the device's order.</summary>
    public Tensor Keys(int block) => _keys[block];

    /// <summary>As <see cref="Keys"/>.</summary>
    public Tensor Values(int block) => _values[block];

    /// <summary>Begins a pass.</summary>
    public void Begin() => _segments.Clear();

    /// <summary>Adds rows of a sequence to the next pass.</summary>
    public void Plan(int slot, int firstRow, int rows) => _segments.Add(new CacheSegment(slot, firstRow, rows, _lengths[slot]));

    /// <summary>Counts the rows of the pass that ran as cached.</summary>
    public void Commit()
    {
        foreach (CacheSegment segment in _segments)
        {
            _lengths[segment.Slot] += segment.Rows;
        }

        _segments.Clear();
    }

    /// <summary>Forgets a sequence's tokens beyond a length.</summary>
    public void Truncate(int slot, int length) => _lengths[slot] = Math.Min(_lengths[slot], length);

    public void Dispose() => _memory.Dispose();
}

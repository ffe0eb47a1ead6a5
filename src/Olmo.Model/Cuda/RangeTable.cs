using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Olmo.Model.Tensors;

namespace Olmo.Model.Cuda;

/// <summary>
/// Lists of ranges in the device's memory, as kernels read them: 32 bytes each, Length (32 bits, then 32 unused), InTensor, Packed, Index. A list that was asked for once stays until the
/// end, since the same ones come in every step. Safe for several threads.
/// </summary>
internal sealed class RangeTable(CudaDevice device, StagingRing staging) : IDisposable
{
    private const long SlabBytes = 1 << 20;
    private const long Alignment = 32;

    private readonly Lock _gate = new();
    private readonly Dictionary<(ChunkRange First, int Count), List<(ChunkRange[] Ranges, ulong Address)>> _lists = [];
    private readonly List<ulong> _slabs = [];
    private long _left;
    private ulong _free;

    /// <summary>Address of a list on the device.</summary>
    /// <param name="ranges">The list; it may be empty.</param>
    /// <param name="mayUpload">False: only a list that is there already is allowed.</param>
    /// <exception cref="InvalidOperationException">It is not there and must not be sent.</exception>
    public ulong Find(ReadOnlySpan<ChunkRange> ranges, bool mayUpload)
    {
        if (ranges.IsEmpty)
        {
            return 0;
        }

        lock (_gate)
        {
            if (!_lists.TryGetValue((ranges[0], ranges.Length), out List<(ChunkRange[] Ranges, ulong Address)>? alike))
            {
                alike = [];
                _lists.Add((ranges[0], ranges.Length), alike);
            }

            foreach ((ChunkRange[] known, ulong address) in alike)
            {
                if (ranges.SequenceEqual(known))
                {
                    return address;
                }
            }

            if (!mayUpload)
            {
                throw new InvalidOperationException("A list of ranges that is new cannot be recorded: run the operations once before.");
            }

            ulong added = Take((long)ranges.Length * Unsafe.SizeOf<ChunkRange>());
            staging.Send(added, MemoryMarshal.AsBytes(ranges));
            alike.Add((ranges.ToArray(), added));
            return added;
        }
    }

    /// <summary>Frees the memory; the device's context must be current.</summary>
    public void Dispose()
    {
        foreach (ulong slab in _slabs)
        {
            device.Driver.Free(slab);
        }

        _slabs.Clear();
        _lists.Clear();
    }

    private ulong Take(long bytes)
    {
        long rounded = (bytes + Alignment - 1) & ~(Alignment - 1);
        if (rounded > _left)
        {
            _left = Math.Max(rounded, SlabBytes);
            _free = device.Driver.Allocate(_left);
            _slabs.Add(_free);
        }

        ulong taken = _free;
        _free += (ulong)rounded;
        _left -= rounded;
        return taken;
    }
}

using Olmo.Model.Compute;
using Olmo.Model.Tensors;

namespace Olmo.Model.Cpu;

/// <summary>The memory of a plan outside the garbage-collected heap, in one piece.</summary>
internal sealed class CpuBufferSet : BufferSet
{
    private readonly AlignedBuffer _memory;
    private readonly CpuBuffer[] _buffers;

    private CpuBufferSet(AlignedBuffer memory, CpuBuffer[] buffers, Tensor[] tensors)
        : base(tensors)
    {
        _memory = memory;
        _buffers = buffers;
    }

    public static unsafe CpuBufferSet Allocate(BufferPlan plan, MemoryReserve reserve)
    {
        AlignedBuffer memory = reserve.Take(plan.SizeBytes) ?? new AlignedBuffer(plan.SizeBytes, isZeroed: !plan.MayBeginWithAnything);
        CpuBuffer[] buffers = new CpuBuffer[plan.Count];
        Tensor[] tensors = new Tensor[plan.Count];
        long offset = 0;
        for (int i = 0; i < buffers.Length; i++)
        {
            BufferPlan.Entry entry = plan[new TensorSlot(i)];
            buffers[i] = new CpuBuffer(entry.Name, entry.DType, entry.Elements, memory.Pointer<byte>(offset), entry.IsPacked);
            tensors[i] = new Tensor(buffers[i], 0, entry.Shape);
            offset += ((entry.Elements * entry.DType.SizeBytes()) + 63) & ~63L;
        }

        return new CpuBufferSet(memory, buffers, tensors);
    }

    protected override void Dispose(bool disposing)
    {
        foreach (CpuBuffer buffer in _buffers)
        {
            buffer.Free();
        }

        _memory.Dispose();
    }
}

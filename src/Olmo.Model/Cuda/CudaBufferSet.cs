using System.Runtime.InteropServices;
using Olmo.Model.Tensors;

namespace Olmo.Model.Cuda;

/// <summary>The memory of a plan, in one piece; tensors start on multiples of 256 bytes, which cuBLASLt likes.</summary>
internal sealed unsafe class CudaBufferSet : BufferSet
{
    private const long Alignment = 256;

    private readonly CudaDevice _device;
    private readonly CudaBuffer[] _buffers;
    private readonly bool _isInHostMemory;
    private ulong _memory;

    private CudaBufferSet(CudaDevice device, ulong memory, bool isInHostMemory, CudaBuffer[] buffers, Tensor[] tensors)
        : base(tensors)
    {
        _device = device;
        _memory = memory;
        _isInHostMemory = isInHostMemory;
        _buffers = buffers;
    }

    /// <summary>Takes the memory; the device's context must be current.</summary>
    /// <exception cref="OutOfMemoryException">There is not that much memory.</exception>
    public static CudaBufferSet Allocate(CudaDevice device, BufferPlan plan)
    {
        long[] offsets = new long[plan.Count];
        long bytes = 0;
        for (int i = 0; i < offsets.Length; i++)
        {
            BufferPlan.Entry entry = plan[new TensorSlot(i)];
            offsets[i] = bytes;
            bytes = checked(bytes + (((entry.Elements * entry.DType.SizeBytes()) + Alignment - 1) & ~(Alignment - 1)));
        }

        bytes = Math.Max(bytes, Alignment); // a tensor without elements has an address too
        ulong memory = plan.InHostMemory ? device.Driver.AllocateHost(bytes) : device.Driver.Allocate(bytes);
        if (!plan.MayBeginWithAnything && plan.InHostMemory)
        {
            NativeMemory.Clear((void*)memory, (nuint)bytes);
        }
        else if (!plan.MayBeginWithAnything)
        {
            device.Driver.Set(memory, 0, bytes, device.Stream);
        }

        CudaBuffer[] buffers = [.. offsets.Select((offset, i) => new CudaBuffer(device, plan[new TensorSlot(i)], memory + (ulong)offset, plan.InHostMemory))];
        return new CudaBufferSet(device, memory, plan.InHostMemory, buffers, [.. buffers.Select((b, i) => new Tensor(b, 0, plan[new TensorSlot(i)].Shape))]);
    }

    protected override void Dispose(bool disposing)
    {
        if (_memory == 0)
        {
            return;
        }

        _device.Synchronize();
        foreach (CudaBuffer buffer in _buffers)
        {
            buffer.Dispose();
        }

        if (_isInHostMemory)
        {
            _device.Driver.FreeHost(_memory);
        }
        else
        {
            _device.Driver.Free(_memory);
        }

        _memory = 0;
    }
}

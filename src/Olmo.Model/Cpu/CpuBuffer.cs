using Olmo.Model.Tensors;

namespace Olmo.Model.Cpu;

/// <summary>A tensor's memory, part of the one allocation of its plan.</summary>
internal sealed unsafe class CpuBuffer(string name, DType dtype, long count, byte* address, bool isPacked = false) : TensorBuffer(MainMemory, name, dtype, count, isPacked)
{
    /// <summary>Device of every CPU provider: they share their buffers.</summary>
    public const string MainMemory = "cpu";

    private byte* _address = address;

    /// <summary>Address of an element.</summary>
    /// <exception cref="ObjectDisposedException">The plan's memory was freed.</exception>
    public byte* At(long element)
    {
        ObjectDisposedException.ThrowIf(_address == null, this);
        return _address + (element * DType.SizeBytes());
    }

    /// <summary>Makes later uses fail.</summary>
    public void Free() => _address = null;
}

using Olmo.Model.Tensors;

namespace Olmo.Model.Cuda;

/// <summary>A tensor's memory, part of the one allocation of its plan: on the device, or page-locked in main memory.</summary>
internal sealed class CudaBuffer(CudaDevice device, BufferPlan.Entry entry, ulong address, bool isInHostMemory)
    : TensorBuffer(DeviceName(device.Ordinal), entry.Name, entry.DType, entry.Elements, entry.IsPacked), IDisposable
{
    private ulong _address = address;
    private long _version;
    private nint _written = isInHostMemory ? device.Driver.CreateEvent(isTimed: false) : 0;

    /// <summary>True: it lies in main memory, and the host may read it by its address.</summary>
    public bool IsInHostMemory { get; } = isInHostMemory;

    /// <summary>Goes up with every operation that writes it.</summary>
    public long Version => Volatile.Read(ref _version);

    /// <summary>The values rounded to bf16, where products wanted them.</summary>
    public RoundedShadow? Rounded { get; set; }

    /// <summary>Device of the buffers of one GPU.</summary>
    public static string DeviceName(int ordinal) => $"cuda {ordinal}";

    /// <summary>Address of an element.</summary>
    /// <exception cref="ObjectDisposedException">The plan's memory was freed.</exception>
    public ulong At(long element)
    {
        ObjectDisposedException.ThrowIf(_address == 0, this);
        return _address + (ulong)(element * DType.SizeBytes());
    }

    /// <summary>Notes that an operation that writes it was put in line just now.</summary>
    public void NoteChange()
    {
        Interlocked.Increment(ref _version);
        if (IsInHostMemory)
        {
            device.Driver.Record(_written, device.Stream);
        }
    }

    /// <summary>Notes that an operation that writes it was recorded: it will run later, more than once.</summary>
    public void NoteRecordedChange() => Interlocked.Increment(ref _version);

    /// <summary>Waits for the operations that were noted.</summary>
    public void WaitForChanges()
    {
        if (_written != 0)
        {
            device.Driver.SynchronizeEvent(_written);
        }
    }

    /// <summary>Makes later uses fail and frees what belongs to the buffer alone; the device's context must be current.</summary>
    public void Dispose()
    {
        _address = 0;
        Rounded?.Dispose();
        Rounded = null;
        if (_written != 0)
        {
            device.Driver.DestroyEvent(_written);
            _written = 0;
        }
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Olmo.Model.Compute;

/// <summary>
/// Memory, zeroed unless it is asked for as it is, outside the garbage-collected heap, at least 64-byte aligned. Buffers of <see cref="HugePageBytes"/> and more start
/// on a 2 MiB boundary and ask Linux for huge pages, which the kernels' strided reads need; there they are mappings of their own, because the C library does not use
/// what was freed of such an alignment for the next one: a process that makes and frees sums with every change of its world would grow with each. Pointers are valid until
/// <see cref="Dispose"/>; there is no finalizer, because the memory may be in use through a pointer while this object is not reachable.
/// </summary>
public sealed unsafe class AlignedBuffer : IDisposable
{
    /// <summary>Size of a huge page on x64 Linux, bytes.</summary>
    public const int HugePageBytes = 2 << 20;

    /// <summary>Alignment of small buffers, bytes: one cache line, one 512-bit vector.</summary>
    public const int LineBytes = 64;

    private byte* _memory;
    private byte* _mapping;
    private nuint _mappedBytes;

    /// <summary>Allocates <paramref name="lengthBytes"/> bytes.</summary>
    /// <param name="lengthBytes">Length.</param>
    /// <param name="isZeroed">False: the content is any, and the memory is not touched.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="lengthBytes"/> is negative.</exception>
    /// <exception cref="OutOfMemoryException">The system has not that much memory.</exception>
    public AlignedBuffer(long lengthBytes, bool isZeroed = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(lengthBytes);
        LengthBytes = lengthBytes;
        nuint alignment = (nuint)(lengthBytes >= HugePageBytes ? HugePageBytes : LineBytes);
        var size = (nuint)Math.Max(lengthBytes, 1);
        if (alignment == HugePageBytes && OperatingSystem.IsLinux())
        {
            _mappedBytes = size + HugePageBytes;
            _mapping = LinuxMemory.Map(_mappedBytes);
            if (_mapping == null)
            {
                throw NoMemory(lengthBytes, null);
            }

            _memory = (byte*)(((nuint)_mapping + HugePageBytes - 1) & ~(nuint)(HugePageBytes - 1));
            LinuxMemory.AdviseHugePages(_memory, size);
            if (isZeroed && LinuxMemory.Populate(_memory, size))
            {
                return; // the kernel gave zeros
            }
        }
        else
        {
            try
            {
                _memory = (byte*)NativeMemory.AlignedAlloc(size, alignment);
            }
            catch (OutOfMemoryException e)
            {
                throw NoMemory(lengthBytes, e);
            }
        }

        if (isZeroed)
        {
            NativeMemory.Clear(_memory, size);
        }
    }

    /// <summary>Length in bytes.</summary>
    public long LengthBytes { get; }

    /// <summary>True until <see cref="Dispose"/>.</summary>
    public bool IsAlive => _memory != null;

    /// <summary>A zeroed buffer of <paramref name="count"/> elements.</summary>
    /// <exception cref="OverflowException">The size in bytes does not fit 63 bits.</exception>
    public static AlignedBuffer Of<T>(long count)
        where T : unmanaged => new(checked(count * sizeof(T)));

    /// <summary>Address of element <paramref name="offset"/>; the buffer must outlive its use.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The element lies outside the buffer (its end is allowed).</exception>
    /// <exception cref="ObjectDisposedException">The buffer was freed.</exception>
    public T* Pointer<T>(long offset = 0)
        where T : unmanaged
    {
        ObjectDisposedException.ThrowIf(_memory == null, this);
        if (offset < 0 || offset > LengthBytes / sizeof(T))
        {
            throw new ArgumentOutOfRangeException(nameof(offset), offset, $"The buffer has {LengthBytes / sizeof(T)} elements of {typeof(T).Name}.");
        }

        return (T*)_memory + offset;
    }

    /// <summary>Elements [offset, offset + count) as a span.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range lies outside the buffer.</exception>
    /// <exception cref="ObjectDisposedException">The buffer was freed.</exception>
    public Span<T> Span<T>(long offset, int count)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        T* start = Pointer<T>(offset);
        if (count > (LengthBytes / sizeof(T)) - offset)
        {
            throw new ArgumentOutOfRangeException(nameof(count), count, $"The buffer has {LengthBytes / sizeof(T)} elements of {typeof(T).Name}; offset is {offset}.");
        }

        return new Span<T>(start, count);
    }

    /// <summary>Sets every byte to 0.</summary>
    public void Clear()
    {
        ObjectDisposedException.ThrowIf(_memory == null, this);
        NativeMemory.Clear(_memory, (nuint)LengthBytes);
    }

    /// <summary>Frees the memory; every pointer and span into it becomes invalid.</summary>
    public void Dispose()
    {
        byte* memory = _memory;
        _memory = null;
        if (memory != null)
        {
            Debug.Assert(((nuint)memory & (LineBytes - 1)) == 0, "aligned allocation");
            if (_mapping != null && OperatingSystem.IsLinux())
            {
                LinuxMemory.Unmap(_mapping, _mappedBytes);
                _mapping = null;
                return;
            }

            NativeMemory.AlignedFree(memory);
        }
    }

    private static OutOfMemoryException NoMemory(long lengthBytes, Exception? cause) =>
        new(string.Create(CultureInfo.InvariantCulture, $"A buffer of {lengthBytes} bytes could not be allocated."), cause);
}

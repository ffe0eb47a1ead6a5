using System.Buffers;
using Olmo.Model.Compute;

namespace Olmo.Actors.Collectives;

/// <summary>
/// A part of an <see cref="AlignedBuffer"/> as memory that can be posted without a copy: <c>new BufferMemory(buffer, offset, count).Memory</c>. Made once per part and
/// used again for each step, it allocates nothing. The buffer is not owned; it must live until the bytes have left.
/// </summary>
public sealed class BufferMemory : MemoryManager<byte>
{
    private readonly AlignedBuffer _buffer;
    private readonly long _offset;
    private readonly int _count;

    /// <param name="buffer">Memory outside the heap.</param>
    /// <param name="offset">First byte.</param>
    /// <param name="count">Bytes.</param>
    public BufferMemory(AlignedBuffer buffer, long offset, int count)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, buffer.LengthBytes - count);
        _buffer = buffer;
        _offset = offset;
        _count = count;
    }

    /// <inheritdoc />
    public override Span<byte> GetSpan() => _buffer.Span<byte>(_offset, _count);

    /// <summary>Not needed: the memory does not move, and the mesh reads it as a span.</summary>
    /// <exception cref="NotSupportedException">Always; a pointer handle takes unsafe code, which only the numeric projects allow.</exception>
    public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException("memory outside the heap does not move; use its span");

    /// <inheritdoc />
    public override void Unpin()
    {
    }

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
    }
}

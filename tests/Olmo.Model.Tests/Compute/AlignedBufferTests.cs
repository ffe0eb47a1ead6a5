using Olmo.Model.Compute;

namespace Olmo.Model.Tests.Compute;

public sealed unsafe class AlignedBufferTests
{
    [Theory]
    [InlineData(0, 64)]
    [InlineData(1, 64)]
    [InlineData(1000, 64)]
    [InlineData(AlignedBuffer.HugePageBytes, AlignedBuffer.HugePageBytes)]
    [InlineData(AlignedBuffer.HugePageBytes + 5, AlignedBuffer.HugePageBytes)]
    public void Constructor_AnyLength_IsAlignedAndZero(long lengthBytes, long alignment)
    {
        using var buffer = new AlignedBuffer(lengthBytes);
        Assert.Equal(lengthBytes, buffer.LengthBytes);
        Assert.Equal(0UL, (ulong)buffer.Pointer<byte>() % (ulong)alignment);
        Assert.False(buffer.Span<byte>(0, (int)lengthBytes).ContainsAnyExcept((byte)0));
    }

    [Fact]
    public void Clear_AfterWrites_ZeroesAll()
    {
        using AlignedBuffer buffer = AlignedBuffer.Of<float>(1000);
        buffer.Span<float>(0, 1000).Fill(3f);
        buffer.Clear();
        Assert.False(buffer.Span<float>(0, 1000).ContainsAnyExcept(0f));
    }

    [Fact]
    public void Pointer_OutsideTheBuffer_IsRefused()
    {
        using AlignedBuffer buffer = AlignedBuffer.Of<float>(10);
        Assert.Equal(40, (byte*)buffer.Pointer<float>(10) - buffer.Pointer<byte>());
        Assert.Throws<ArgumentOutOfRangeException>(() => (nint)buffer.Pointer<float>(11));
        Assert.Throws<ArgumentOutOfRangeException>(() => (nint)buffer.Pointer<float>(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => { buffer.Span<float>(5, 6); });
    }

    [Fact]
    public void Constructor_NegativeOrOverflowingLength_IsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new AlignedBuffer(-1));
        Assert.Throws<OverflowException>(() => AlignedBuffer.Of<double>(long.MaxValue / 4));
    }

    [Fact]
    public void Pointer_AfterDispose_IsRefused()
    {
        AlignedBuffer buffer = AlignedBuffer.Of<float>(10);
        buffer.Dispose();
        buffer.Dispose();
        Assert.False(buffer.IsAlive);
        Assert.Throws<ObjectDisposedException>(() => (nint)buffer.Pointer<float>());
    }
}

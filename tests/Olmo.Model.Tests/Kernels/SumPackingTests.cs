using Olmo.Model.Compute;
using Olmo.Model.Kernels;
using Olmo.Model.Numerics;

namespace Olmo.Model.Tests.Kernels;

public sealed unsafe class SumPackingTests
{
    public static TheoryData<int> Widths => TestData.VectorWidths;

    /// <summary>Fewest bytes of two's complement, worked out by hand.</summary>
    [Theory]
    [InlineData(0L, new byte[] { 0 })]
    [InlineData(-1L, new byte[] { 1, 0xFF })]
    [InlineData(127L, new byte[] { 1, 0x7F })]
    [InlineData(128L, new byte[] { 2, 0x80, 0x00 })]
    [InlineData(-128L, new byte[] { 1, 0x80 })]
    [InlineData(-129L, new byte[] { 2, 0x7F, 0xFF })]
    [InlineData(0x7F_FFFF_FFFFL, new byte[] { 5, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F })]
    [InlineData(0x80_0000_0000L, new byte[] { 6, 0, 0, 0, 0, 0x80, 0 })]
    [InlineData(long.MinValue, new byte[] { 8, 0, 0, 0, 0, 0, 0, 0, 0x80 })]
    [InlineData(long.MaxValue, new byte[] { 8, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F })]
    public void Pack_KnownValue_TakesTheFewestBytes(long value, byte[] expected)
    {
        foreach (SimdWidth width in Enum.GetValues<SimdWidth>().Where(Hardware.Runs))
        {
            foreach (int count in (int[])[1, 63, 64])
            {
                Pinned<long> x = new(count);
                x.Span.Fill(value);
                Pinned<byte> packed = new((int)PackedIntegers.MostBytes(count));
                nint length = SumPacking.Pack(width, x, count, packed);
                Assert.Equal(1 + ((expected.Length - 1) * count), length);
                Assert.Equal(expected[0], packed.Span[0]);
                for (int i = 0; i < count; i++)
                {
                    Assert.Equal(expected[1..], packed.Span.Slice(1 + (i * expected[0]), expected[0]).ToArray());
                }

                packed.AssertGuard();
            }
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void EveryForm_EveryWidthOfBytesAndLength_SameBytesAsScalarAndBack(int width)
    {
        SimdWidth w = (SimdWidth)width;
        RandomStream stream = new(3, "packing");
        ulong draw = 0;
        foreach (int count in (int[])[.. TestData.Lengths.Where(n => n > 0), 640, 16384])
        {
            Pinned<long> x = new(count), back = new(count);
            for (int i = 0; i < count; i++)
            {
                // Blocks of one width each, in turns; in the first ones only the last value needs it.
                int bytes = i / 64 % 9;
                x.Span[i] = bytes == 0 || (i < 640 && i % 64 != 63) ? 0 : (long)stream.Bits(draw++) >> (64 - (8 * bytes));
            }

            int most = (int)PackedIntegers.MostBytes(count);
            Pinned<byte> expected = new(most), actual = new(most);
            nint length = SumPacking.Pack(SimdWidth.Scalar, x, count, expected);
            Assert.Equal(length, SumPacking.Pack(w, x, count, actual));
            Assert.True(expected.Span[..(int)length].SequenceEqual(actual.Span[..(int)length]));
            actual.AssertGuard();
            Assert.Equal(length, PackedIntegers.LengthOf(actual.Span, count));

            // What ends where the memory ends, and what is followed by more.
            Pinned<byte> exact = new(actual.Span[..(int)length]);
            SumPacking.Unpack(w, exact, length, back, count);
            Assert.True(x.Span.SequenceEqual(back.Span));
            back.AssertGuard();
            back.Span.Fill(-3);
            SumPacking.Unpack(w, actual, most, back, count);
            Assert.True(x.Span.SequenceEqual(back.Span));
        }
    }

    [Fact]
    public void LengthOf_WidthAboveEightOrTooFewBytes_IsRefused()
    {
        byte[] packed = [8, 2, .. new byte[(64 * 8) + (36 * 2)]];
        Assert.Equal(packed.Length, PackedIntegers.LengthOf(packed, 100));
        Assert.Equal(packed.Length, PackedIntegers.LengthOf([.. packed, 1, 2, 3], 100));
        Assert.Equal(-1, PackedIntegers.LengthOf(packed.AsSpan(0, packed.Length - 1), 100));
        Assert.Equal(-1, PackedIntegers.LengthOf([8], 100));
        packed[0] = 9;
        Assert.Equal(-1, PackedIntegers.LengthOf(packed, 100));
    }
}

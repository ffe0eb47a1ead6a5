using Olmo.Model.Compute;
using Olmo.Model.Kernels;
using Olmo.Model.Numerics;

namespace Olmo.Model.Tests.Kernels;

public sealed unsafe class FixedPointTests
{
    public static TheoryData<int> Widths => TestData.VectorWidths;

    /// <summary>Ties, both directions, limits: worked out by hand in units of 2^-48.</summary>
    [Theory]
    [InlineData(0.0, 0L)]
    [InlineData(1.0, 281474976710656L)]
    [InlineData(-1.0, -281474976710656L)]
    [InlineData(0.5 / 281474976710656.0, 0L)]
    [InlineData(1.5 / 281474976710656.0, 2L)]
    [InlineData(2.5 / 281474976710656.0, 2L)]
    [InlineData(-0.5 / 281474976710656.0, 0L)]
    [InlineData(-1.5 / 281474976710656.0, -2L)]
    [InlineData(-2.5 / 281474976710656.0, -2L)]
    [InlineData(0.75 / 281474976710656.0, 1L)]
    [InlineData(16383.9990234375, 4611685743549480960L)]
    public void Round_KnownValues_NearestEven(double x, long expected)
    {
        foreach (SimdWidth width in Enum.GetValues<SimdWidth>().Where(Hardware.Runs))
        {
            Pinned<float> input = new(17);
            input.Span.Fill((float)x);
            Pinned<long> y = new(17);
            Assert.True(FixedPoint.Round(width, input, y, FixedPointFormat.Limit(1), 0, 17));
            Assert.All(y.Span.ToArray(), v => Assert.Equal(expected, v));
            y.AssertGuard();
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    [InlineData(16384f)]
    [InlineData(-16384f)]
    [InlineData(3e38f)]
    public void Round_InvalidValue_IsZeroAndReportedAtEveryPlace(float bad)
    {
        foreach (SimdWidth width in Enum.GetValues<SimdWidth>().Where(Hardware.Runs))
        {
            for (int place = 0; place < 19; place++)
            {
                Pinned<float> x = new(19);
                x.Span.Fill(0.25f);
                x.Span[place] = bad;
                Pinned<long> y = new(19);
                Assert.False(FixedPoint.Round(width, x, y, FixedPointFormat.Limit(1), 0, 19));
                Assert.Equal(0L, y.Span[place]);
                Assert.Equal(18, y.Span.ToArray().Count(v => v == 1L << 46));
                Assert.False(FixedPoint.Accumulate(width, x, y, FixedPointFormat.Limit(1), 0, 19));
                Assert.Equal(0L, y.Span[place]);
            }
        }
    }

    [Fact]
    public void Limit_Groups_LeavesRoomForTheSum()
    {
        Assert.Equal(16384f, FixedPointFormat.Limit(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => FixedPointFormat.Limit(0));
        foreach (int groups in (int[])[1, 3, 12, 24, 48, 240, 1000])
        {
            Pinned<float> x = new([MathF.BitDecrement(FixedPointFormat.Limit(groups))]);
            Pinned<long> sum = new(1);
            long before = 0;
            for (int g = 0; g < groups; g++)
            {
                Assert.True(FixedPoint.Accumulate(SimdWidth.Scalar, x, sum, FixedPointFormat.Limit(groups), 0, 1));
                Assert.True(sum.Span[0] > before, "The sum overflowed.");
                before = sum.Span[0];
            }
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void EveryForm_RandomPatterns_SameBitsAsScalar(int width)
    {
        SimdWidth w = (SimdWidth)width;
        RandomStream stream = new(1, "patterns");
        const int Count = 100_003;
        Pinned<float> x = new(Count);
        for (int i = 0; i < Count; i++)
        {
            // Exponents around the valid range, few low bits so that ties are common.
            ulong bits = stream.Bits((ulong)i);
            uint exponent = 70 + (uint)(bits % 74);
            uint mantissa = (uint)(bits >> 32) & 0x7FFFFF & (i % 3 == 0 ? ~0u : 0x7F0000u);
            x.Span[i] = BitConverter.UInt32BitsToSingle(((uint)(bits >> 20) & 0x80000000) | (exponent << 23) | mantissa);
        }

        for (int i = 0; i < TestData.Special.Length; i++)
        {
            x.Span[i * 97] = TestData.Special[i];
        }

        Pinned<long> expected = new(Count), actual = new(Count);
        Assert.Equal(FixedPoint.RoundReference(x, expected, 16384f, 0, Count), FixedPoint.Round(w, x, actual, 16384f, 0, Count));
        Assert.True(expected.Span.SequenceEqual(actual.Span));
        FixedPoint.AccumulateReference(x, expected, 16384f / 3, 0, Count);
        FixedPoint.Accumulate(w, x, actual, 16384f / 3, 0, 1001);
        FixedPoint.Accumulate(w, x, actual, 16384f / 3, 1001, Count);
        Assert.True(expected.Span.SequenceEqual(actual.Span));
        FixedPoint.AddReference(expected.Copy(), expected, 3, Count);
        FixedPoint.Add(w, actual.Copy(), actual, 3, Count);
        Assert.True(expected.Span.SequenceEqual(actual.Span));

        Pinned<long> sums = new(Count);
        for (int i = 0; i < Count; i++)
        {
            sums.Span[i] = (long)stream.Bits((ulong)(i + Count)) >> (i % 63);
        }

        sums.Span[0] = long.MinValue;
        sums.Span[1] = long.MaxValue;
        Pinned<float> y = new(Count), vy = new(Count);
        FixedPoint.ToFloatReference(sums, y, 0, Count);
        FixedPoint.ToFloat(w, sums, vy, 0, Count);
        TestData.SameBits(y, vy, "to float");
        foreach (int n in TestData.Lengths)
        {
            Assert.Equal(SumDigest.OfReference(sums, 12345, n), SumDigest.Of(w, sums, 12345, n));
            Assert.Equal(SquareSum.OfReference(y, n), SquareSum.Of(w, y, n));
        }

        // All of it in one pass, by one and by two parts, with the gradient at a line of the cache and elsewhere.
        Pinned<long> total = new(Count);
        Pinned<float> spare = new(Count + 16), kept = new(Count + 32);
        foreach (int n in TestData.Lengths)
        {
            foreach (bool isTwo in (bool[])[false, true])
            {
                long* other = isTwo ? expected.Pointer : null;
                FixedPoint.ToFloatReference(Total(sums, other, n), y, 0, n);
                (ulong Digest, double Squares) separate = (SumDigest.OfReference(Total(sums, other, n), ulong.MaxValue - 5, n), SquareSum.OfReference(y, n));
                float* line = (float*)(((nuint)kept.Pointer + 63) & ~(nuint)63);
                foreach (float* gradient in (float*[])[null, line, line + 1])
                {
                    kept.Span.Clear();
                    Assert.Equal(separate, SumMeasure.Of(w, sums, other, gradient, total, spare, ulong.MaxValue - 5, n));
                    Assert.True(gradient == null || new ReadOnlySpan<float>(gradient, n).SequenceEqual(y.Span[..n]));
                    Assert.True(gradient == null || gradient[n] == 0f);
                    kept.Span.Clear();
                    Assert.Equal(separate, SumMeasure.OfReference(sums, other, gradient, ulong.MaxValue - 5, n));
                    Assert.True(gradient == null || new ReadOnlySpan<float>(gradient, n).SequenceEqual(y.Span[..n]));
                }
            }
        }

        Assert.Equal(SumDigest.OfReference(sums, ulong.MaxValue - 5, Count), SumDigest.Of(w, sums, ulong.MaxValue - 5, Count));
    }

    private static Pinned<long> Total(Pinned<long> sums, long* other, int count)
    {
        Pinned<long> total = new(sums.Span[..count]);
        if (other != null)
        {
            FixedPoint.AddReference(other, total, 0, count);
        }

        return total;
    }

    [Fact]
    public void Digest_SumOfParts_IsTheSumOfDigests()
    {
        const int Count = 1000;
        RandomStream stream = new(2, "parts");
        Pinned<long> a = new(Count), b = new(Count), sum = new(Count);
        for (int i = 0; i < Count; i++)
        {
            a.Span[i] = (long)stream.Bits((ulong)i);
            b.Span[i] = (long)stream.Bits((ulong)(i + Count));
            sum.Span[i] = unchecked(a.Span[i] + b.Span[i]);
        }

        ulong parts = unchecked(SumDigest.OfReference(a, 77, Count) + SumDigest.OfReference(b, 77, Count));
        Assert.Equal(parts, SumDigest.OfReference(sum, 77, Count));
        ulong joined = unchecked(SumDigest.OfReference(a, 0, 300) + SumDigest.OfReference(a.Pointer + 300, 300, Count - 300));
        Assert.Equal(SumDigest.OfReference(a, 0, Count), joined);

        // One flipped bit anywhere, and two swapped elements, are seen.
        ulong clean = SumDigest.OfReference(a, 0, Count);
        for (int i = 0; i < 64; i++)
        {
            a.Span[i * 15] ^= 1L << i;
            Assert.NotEqual(clean, SumDigest.OfReference(a, 0, Count));
            a.Span[i * 15] ^= 1L << i;
        }

        (a.Span[4], a.Span[5]) = (a.Span[5], a.Span[4]);
        Assert.NotEqual(clean, SumDigest.OfReference(a, 0, Count));
    }

    [Fact]
    public void SquareSum_SmallIntegers_IsExact()
    {
        Pinned<float> x = new(1000);
        double expected = 0;
        for (int i = 0; i < 1000; i++)
        {
            x.Span[i] = i;
            expected += (double)i * i;
        }

        Assert.Equal(expected, SquareSum.OfReference(x, 1000));
    }
}

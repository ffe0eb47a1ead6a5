using Olmo.Model.Compute;
using Olmo.Model.Kernels;

namespace Olmo.Model.Tests.Kernels;

/// <summary>fp32 to bf16 and back: to nearest, ties to even, the same bits at every width.</summary>
public sealed unsafe class RoundingTests
{
    public static TheoryData<int> Widths => TestData.VectorWidths;

    [Theory]
    [InlineData((int)SimdWidth.Scalar)]
    [MemberData(nameof(Widths))]
    public void ToBFloat16_EveryPatternAndWhatLiesBesideItsMiddle_GoesToNearestTiesToEven(int width)
    {
        // Between two neighbours of one sign the middle is the lower one with 0x8000 behind it; above the largest finite number the neighbour is infinity.
        List<(uint Bits, uint Expected)> cases = [];
        foreach (uint sign in (uint[])[0, 0x8000])
        {
            for (uint pattern = 0; pattern < 0x7F80; pattern++)
            {
                uint lower = sign | pattern;
                cases.Add((lower << 16, lower));
                cases.Add(((lower << 16) | 0x7FFF, lower));
                cases.Add(((lower << 16) | 0x8000, pattern % 2 == 0 ? lower : lower + 1));
                cases.Add(((lower << 16) | 0x8001, lower + 1));
            }

            cases.Add(((sign | 0x7F80) << 16, sign | 0x7F80)); // infinity
            cases.Add((((sign | 0x7F80) << 16) | 1, sign | 0x7FC0)); // a NaN whose upper half would be infinity
            cases.Add((((sign | 0x7FFF) << 16) | 0xFFFF, sign | 0x7FFF)); // rounding up would give a zero
        }

        int n = cases.Count;
        Pinned<float> x = new([.. cases.Select(c => BitConverter.UInt32BitsToSingle(c.Bits))]), y = new(n), back = new(n);
        Pinned<ushort> stored = new(n);
        Rounding.ToBFloat16((SimdWidth)width, x, y, stored, 0, n);
        Rounding.Widen((SimdWidth)width, stored, back, 0, n);
        for (int i = 0; i < n; i++)
        {
            Assert.Equal(cases[i].Expected, stored.Span[i]);
            Assert.Equal(cases[i].Expected << 16, BitConverter.SingleToUInt32Bits(y.Span[i]));
            Assert.Equal(cases[i].Expected << 16, BitConverter.SingleToUInt32Bits(back.Span[i]));
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void ToBFloat16_AnyLength_SameBitsAsScalar(int width)
    {
        foreach (int n in TestData.Lengths)
        {
            Pinned<float> x = TestData.WithSpecials("x", n), expected = new(n), back = new(n);
            Pinned<ushort> stored = new(n), alone = new(n);
            Rounding.ToBFloat16Reference(x, expected, stored, 0, n);
            Rounding.ToBFloat16((SimdWidth)width, x, null, alone, 0, n / 3);
            Rounding.ToBFloat16((SimdWidth)width, x, null, alone, n / 3, n);
            Assert.Equal(stored.Span.ToArray(), alone.Span.ToArray());
            Rounding.Widen((SimdWidth)width, alone, back, 0, n / 3);
            Rounding.Widen((SimdWidth)width, alone, back, n / 3, n);
            TestData.SameBits(expected, back, "widened");
            Rounding.ToBFloat16((SimdWidth)width, x, x, null, 0, n / 2);
            Rounding.ToBFloat16((SimdWidth)width, x, x, null, n / 2, n);
            TestData.SameBits(expected, x, "rounded in place");
        }
    }
}

using Olmo.Model.Numerics;

namespace Olmo.Model.Tests.Numerics;

public sealed class PhiloxTests
{
    /// <summary>Known answers of Random123's philox4x32, 10 rounds.</summary>
    [Theory]
    [InlineData(0u, 0u, 0u, 0u, 0u, 0u, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [InlineData(~0u, ~0u, ~0u, ~0u, ~0u, ~0u, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [InlineData(0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u, 0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    public void Block_KnownAnswers_Match(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1, uint w0, uint w1, uint w2, uint w3) =>
        Assert.Equal((w0, w1, w2, w3), Philox.Block(c0, c1, c2, c3, k0, k1));

    /// <summary>Published FNV-1a values.</summary>
    [Theory]
    [InlineData("", 0xcbf29ce484222325UL)]
    [InlineData("a", 0xaf63dc4c8601ec8cUL)]
    [InlineData("foobar", 0x85944171f73967e8UL)]
    public void NameHash_PublishedStrings_Match(string name, ulong hash) => Assert.Equal(hash, RandomStream.HashOf(name));

    [Fact]
    public void Uniform_ManyDraws_IsInsideAndEven()
    {
        RandomStream stream = new(7, "uniform");
        double sum = 0;
        double squares = 0;
        const int Count = 200_000;
        for (ulong i = 0; i < Count; i++)
        {
            double u = stream.Uniform(i);
            Assert.InRange(u, double.Epsilon, 1 - 1e-16);
            sum += u - 0.5;
            squares += (u - 0.5) * (u - 0.5);
        }

        Assert.InRange(sum / Count, -4e-3, 4e-3);
        Assert.InRange(squares / Count * 12, 0.98, 1.02);
    }

    [Fact]
    public void Streams_OtherSeedOrName_Differ()
    {
        ulong here = new RandomStream(1, "a").Bits(5);
        Assert.Equal(here, new RandomStream(1, "a").Bits(5));
        Assert.NotEqual(here, new RandomStream(2, "a").Bits(5));
        Assert.NotEqual(here, new RandomStream(1, "b").Bits(5));
        Assert.NotEqual(here, new RandomStream(1, "a").Bits(6));
    }

    [Fact]
    public void Below_SmallBound_HitsEveryValueEvenly()
    {
        RandomStream stream = new(3, "below");
        int[] hits = new int[7];
        for (ulong i = 0; i < 70_000; i++)
        {
            hits[stream.Below(7, i)]++;
        }

        Assert.All(hits, h => Assert.InRange(h, 9_600, 10_400));
    }

    [Fact]
    public void TruncatedNormal_ManyDraws_HasTheCutAndTheDeviation()
    {
        RandomStream stream = new(11, "weight");
        float[] x = new float[100_000];
        TruncatedNormal.Fill(stream, 0.02, 0, x);
        double squares = 0;
        foreach (float v in x)
        {
            Assert.InRange(v, -0.06f, 0.06f);
            squares += (double)v * v;
        }

        // 0.9866 sigma: the deviation of a normal cut at three.
        Assert.InRange(Math.Sqrt(squares / x.Length) / 0.02, 0.980, 0.993);
        Assert.Contains(x, v => Math.Abs(v) > 0.055f);
        float[] part = new float[10];
        TruncatedNormal.Fill(stream, 0.02, 500, part);
        Assert.Equal(x[500..510], part);
    }
}

using Olmo.Model.Compute;
using Olmo.Model.Numerics;

namespace Olmo.Model.Tests.Kernels;

/// <summary>Seeded inputs and bit comparison.</summary>
internal static class TestData
{
    /// <summary>Numbers of elements that are multiples of nothing, around every vector length.</summary>
    public static readonly int[] Lengths = [1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 23, 31, 32, 33, 40, 47, 48, 50, 63, 64, 65, 72, 100, 127, 200, 511, 512, 513, 1003, 1040];

    public static readonly float[] Special =
    [
        0f, -0f, 1f, -1f, float.Epsilon, -float.Epsilon, 1.1754942e-38f, -1.17549435e-38f, 3.4028235e38f, -3.4028235e38f, float.PositiveInfinity,
        float.NegativeInfinity, float.NaN, 88.7f, 88.8f, 89.5f, -87.3f, -88f, -103.9f, -104.1f, 1e-20f, -1e20f, 16777216f, 0.5f, 1.5f, -2.5f, 1e30f,
    ];

    public static TheoryData<int> VectorWidths => [.. new[] { SimdWidth.Avx2, SimdWidth.Avx512 }.Where(Hardware.Runs).Select(w => (int)w)];

    public static Pinned<float> Normal(string name, int length, double scale = 1.0)
    {
        RandomStream stream = new(20240, name);
        Pinned<float> x = new(length);
        for (int i = 0; i < length; i++)
        {
            x.Span[i] = (float)(scale * 1.4142135623730951 * Elementary.InverseErf((2 * stream.Uniform((ulong)i)) - 1));
        }

        return x;
    }

    /// <summary>Normal values with special ones strewn in.</summary>
    public static Pinned<float> WithSpecials(string name, int length)
    {
        Pinned<float> x = Normal(name, length, 3.0);
        RandomStream stream = new(99, name);
        for (int i = 0; i < length; i++)
        {
            if (stream.Below(4, (ulong)i) == 0)
            {
                x.Span[i] = Special[(int)stream.Below((ulong)Special.Length, (ulong)(i + length))];
            }
        }

        return x;
    }

    public static Pinned<int> Ints(string name, int length, int bound)
    {
        RandomStream stream = new(5, name);
        Pinned<int> x = new(length);
        for (int i = 0; i < length; i++)
        {
            x.Span[i] = (int)stream.Below((ulong)bound, (ulong)i);
        }

        return x;
    }

    /// <summary>Bit equality; any NaN equals any NaN, as the payload that an operation keeps depends on the operand order the compiler chose.</summary>
    public static void SameBits(Pinned<float> expected, Pinned<float> actual, string what)
    {
        actual.AssertGuard();
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            float e = expected.Span[i];
            float a = actual.Span[i];
            if (BitConverter.SingleToInt32Bits(e) != BitConverter.SingleToInt32Bits(a) && !(float.IsNaN(e) && float.IsNaN(a)))
            {
                Assert.Fail($"{what}: element {i} of {expected.Length} is {a:R}, the scalar twin gives {e:R}.");
            }
        }
    }
}

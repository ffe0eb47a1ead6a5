using Olmo.Model.Compute;
using Olmo.Model.Kernels;
using Olmo.Model.Numerics;

namespace Olmo.Model.Tests.Kernels;

public sealed unsafe class LaneMathTests
{
    public static TheoryData<int> Widths => TestData.VectorWidths;

    [Theory]
    [MemberData(nameof(Widths))]
    public void ExpAndSigmoid_SweepOfAllPatterns_SameBitsAsScalar(int width)
    {
        if ((SimdWidth)width == SimdWidth.Avx512)
        {
            Sweep<Lanes512>();
        }
        else
        {
            Sweep<Lanes256>();
        }
    }

    private static void Sweep<T>()
        where T : struct, ILanes<T>
    {
        Pinned<float> x = new(16), exp = new(16), sigmoid = new(16), vexp = new(16), vsigmoid = new(16);
        for (long pattern = 0; pattern <= uint.MaxValue; pattern += 16 * 7919)
        {
            for (int l = 0; l < 16; l++)
            {
                x.Span[l] = BitConverter.UInt32BitsToSingle((uint)(pattern + (l * 7919)));
                exp.Span[l] = Elementary.Exp(x.Span[l]);
                sigmoid.Span[l] = Elementary.Sigmoid(x.Span[l]);
            }

            T.Store(LaneMath.Exp(T.Load(x)), vexp);
            T.Store(LaneMath.Sigmoid(T.Load(x)), vsigmoid);
            TestData.SameBits(exp, vexp, "exp");
            TestData.SameBits(sigmoid, vsigmoid, "sigmoid");
        }
    }
}

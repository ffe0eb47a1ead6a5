using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Olmo.Model.Kernels;

internal static unsafe partial class SquareSum
{
    private static double OfAvx512(float* x, nint count)
    {
        Vector512<double> low = Vector512<double>.Zero;
        Vector512<double> high = Vector512<double>.Zero;
        nint i = 0;
        for (; i <= count - LaneFold.Lanes; i += LaneFold.Lanes)
        {
            Vector512<double> a = Avx512F.ConvertToVector512Double(Avx.LoadVector256(x + i));
            Vector512<double> b = Avx512F.ConvertToVector512Double(Avx.LoadVector256(x + i + 8));
            low = Avx512F.FusedMultiplyAdd(a, a, low);
            high = Avx512F.FusedMultiplyAdd(b, b, high);
        }

        double* lanes = stackalloc double[LaneFold.Lanes];
        low.Store(lanes);
        high.Store(lanes + 8);
        return AddRest(lanes, x, i, count);
    }

    private static double OfAvx2(float* x, nint count)
    {
        Vector256<double> s0 = Vector256<double>.Zero;
        Vector256<double> s1 = Vector256<double>.Zero;
        Vector256<double> s2 = Vector256<double>.Zero;
        Vector256<double> s3 = Vector256<double>.Zero;
        nint i = 0;
        for (; i <= count - LaneFold.Lanes; i += LaneFold.Lanes)
        {
            Vector256<double> a = Avx.ConvertToVector256Double(Sse2.LoadVector128(x + i));
            Vector256<double> b = Avx.ConvertToVector256Double(Sse2.LoadVector128(x + i + 4));
            Vector256<double> c = Avx.ConvertToVector256Double(Sse2.LoadVector128(x + i + 8));
            Vector256<double> d = Avx.ConvertToVector256Double(Sse2.LoadVector128(x + i + 12));
            s0 = Fma.MultiplyAdd(a, a, s0);
            s1 = Fma.MultiplyAdd(b, b, s1);
            s2 = Fma.MultiplyAdd(c, c, s2);
            s3 = Fma.MultiplyAdd(d, d, s3);
        }

        double* lanes = stackalloc double[LaneFold.Lanes];
        s0.Store(lanes);
        s1.Store(lanes + 4);
        s2.Store(lanes + 8);
        s3.Store(lanes + 12);
        return AddRest(lanes, x, i, count);
    }

    private static double AddRest(double* lanes, float* x, nint from, nint count)
    {
        for (nint i = from; i < count; i++)
        {
            lanes[i % LaneFold.Lanes] += (double)x[i] * x[i];
        }

        return LaneFold.Sum(lanes);
    }
}

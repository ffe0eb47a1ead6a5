using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Olmo.Model.Numerics;

namespace Olmo.Model.Kernels;

internal static unsafe partial class SumMeasure
{
    // Two runs of eight, whose digests do not wait for each other. A gradient that is kept is read much later: it goes past the caches where it is aligned.
    private static (ulong Digest, double Squares) OfAvx512(long* sums, long* other, float* gradient, ulong index, nint count)
    {
        Vector512<ulong> even = Avx512DQ.MultiplyLow(
            Vector512.Create(0UL, 1, 2, 3, 4, 5, 6, 7) + Vector512.Create(index + 1), Vector512.Create(LinearDigest.IndexMultiplier));
        Vector512<ulong> odd = even + Vector512.Create(unchecked(8 * LinearDigest.IndexMultiplier));
        Vector512<ulong> step = Vector512.Create(unchecked(16 * LinearDigest.IndexMultiplier));
        Vector512<double> unit = Vector512.Create(FixedPointFormat.Unit);
        Vector512<ulong> digest = Vector512<ulong>.Zero;
        Vector512<double> low = Vector512<double>.Zero;
        Vector512<double> high = Vector512<double>.Zero;
        bool isAligned = ((nuint)gradient & 63) == 0;
        nint i = 0;
        for (; i <= count - LaneFold.Lanes; i += LaneFold.Lanes)
        {
            Vector512<long> a = Avx512F.LoadVector512(sums + i);
            Vector512<long> b = Avx512F.LoadVector512(sums + i + 8);
            if (other != null)
            {
                a += Avx512F.LoadVector512(other + i);
                b += Avx512F.LoadVector512(other + i + 8);
            }

            digest += Avx512DQ.MultiplyLow(a.AsUInt64(), Factor(even)) + Avx512DQ.MultiplyLow(b.AsUInt64(), Factor(odd));
            even += step;
            odd += step;
            Vector256<float> first = Avx512F.ConvertToVector256Single(Avx512DQ.ConvertToVector512Double(a) * unit);
            Vector256<float> second = Avx512F.ConvertToVector256Single(Avx512DQ.ConvertToVector512Double(b) * unit);
            if (gradient != null)
            {
                if (isAligned)
                {
                    Avx512F.StoreAlignedNonTemporal(gradient + i, Vector512.Create(first, second));
                }
                else
                {
                    first.Store(gradient + i);
                    second.Store(gradient + i + 8);
                }
            }

            Vector512<double> x = Avx512F.ConvertToVector512Double(first);
            Vector512<double> y = Avx512F.ConvertToVector512Double(second);
            low = Avx512F.FusedMultiplyAdd(x, x, low);
            high = Avx512F.FusedMultiplyAdd(y, y, high);
        }

        double* lanes = stackalloc double[LaneFold.Lanes];
        ulong* parts = stackalloc ulong[8];
        low.Store(lanes);
        high.Store(lanes + 8);
        digest.Store(parts);
        ulong sum = AddRest(sums, other, gradient, index, i, count, lanes);
        for (int l = 0; l < 8; l++)
        {
            sum += parts[l];
        }

        Sse.StoreFence(); // the stores past the caches, before anybody is told
        return (sum, LaneFold.Sum(lanes));
    }

    /// <summary>h of <see cref="LinearDigest"/>, from the index times its first multiplier.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Factor(Vector512<ulong> indexed)
    {
        Vector512<ulong> u = Avx512DQ.MultiplyLow(indexed ^ (indexed >>> 32), Vector512.Create(LinearDigest.MixMultiplier));
        return (u ^ (u >>> 32)) | Vector512.Create(1UL);
    }
}

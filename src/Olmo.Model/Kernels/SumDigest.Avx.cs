using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Olmo.Model.Numerics;

namespace Olmo.Model.Kernels;

internal static unsafe partial class SumDigest
{
    private static ulong OfAvx512(long* x, ulong firstIndex, nint count)
    {
        Vector512<ulong> lanes = Vector512.Create(0UL, 1, 2, 3, 4, 5, 6, 7) + Vector512.Create(firstIndex + 1);
        Vector512<ulong> indexed = Avx512DQ.MultiplyLow(lanes, Vector512.Create(LinearDigest.IndexMultiplier));
        Vector512<ulong> step = Vector512.Create(unchecked(8 * LinearDigest.IndexMultiplier));
        Vector512<ulong> mix = Vector512.Create(LinearDigest.MixMultiplier);
        Vector512<ulong> one = Vector512.Create(1UL);
        Vector512<ulong> sum = Vector512<ulong>.Zero;
        nint i = 0;
        for (; i <= count - 8; i += 8)
        {
            Vector512<ulong> u = Avx512DQ.MultiplyLow(indexed ^ (indexed >>> 32), mix);
            sum += Avx512DQ.MultiplyLow(Avx512F.LoadVector512(x + i).AsUInt64(), (u ^ (u >>> 32)) | one);
            indexed += step;
        }

        ulong* parts = stackalloc ulong[8];
        sum.Store(parts);
        ulong digest = OfReference(x + i, firstIndex + (ulong)i, count - i);
        for (int l = 0; l < 8; l++)
        {
            digest += parts[l];
        }

        return digest;
    }

    private static ulong OfAvx2(long* x, ulong firstIndex, nint count)
    {
        Vector256<ulong> indexed = Multiply(
            Avx2.Add(Vector256.Create(0UL, 1, 2, 3), Vector256.Create(firstIndex + 1)), Vector256.Create(LinearDigest.IndexMultiplier));
        Vector256<ulong> step = Vector256.Create(unchecked(4 * LinearDigest.IndexMultiplier));
        Vector256<ulong> mix = Vector256.Create(LinearDigest.MixMultiplier);
        Vector256<ulong> one = Vector256.Create(1UL);
        Vector256<ulong> sum = Vector256<ulong>.Zero;
        nint i = 0;
        for (; i <= count - 4; i += 4)
        {
            Vector256<ulong> u = Multiply(indexed ^ (indexed >>> 32), mix);
            sum = Avx2.Add(sum, Multiply(Avx.LoadVector256(x + i).AsUInt64(), (u ^ (u >>> 32)) | one));
            indexed = Avx2.Add(indexed, step);
        }

        ulong* parts = stackalloc ulong[4];
        sum.Store(parts);
        ulong digest = OfReference(x + i, firstIndex + (ulong)i, count - i);
        for (int l = 0; l < 4; l++)
        {
            digest += parts[l];
        }

        return digest;
    }

    /// <summary>Low 64 bits of the product from three 32-bit products.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Multiply(Vector256<ulong> a, Vector256<ulong> b)
    {
        Vector256<ulong> low = Avx2.Multiply(a.AsUInt32(), b.AsUInt32());
        Vector256<ulong> cross = Avx2.Add(
            Avx2.Multiply((a >>> 32).AsUInt32(), b.AsUInt32()), Avx2.Multiply(a.AsUInt32(), (b >>> 32).AsUInt32()));
        return Avx2.Add(low, cross << 32);
    }
}

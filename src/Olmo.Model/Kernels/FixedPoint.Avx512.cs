using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Olmo.Model.Numerics;

namespace Olmo.Model.Kernels;

internal static unsafe partial class FixedPoint
{
    private static bool RoundAvx512(float* x, long* y, float limit, nint from, nint to)
    {
        nint whole = from + ((to - from) & -8);
        bool valid = RoundWholeAvx512(x, y, limit, from, whole);
        return RoundReference(x, y, limit, whole, to) & valid;
    }

    /// <summary>The loop by itself: a vector that lives across a call is spilled in every turn.</summary>
    private static bool RoundWholeAvx512(float* x, long* y, float limit, nint from, nint to)
    {
        Vector256<float> bound = Vector256.Create(limit);
        Vector256<float> valid = Vector256<float>.AllBitsSet;
        for (nint i = from; i < to; i += 8)
        {
            RoundEight(Avx.LoadVector256(x + i), bound, ref valid).Store(y + i);
        }

        return valid.AsInt32() == Vector256<int>.AllBitsSet;
    }

    private static bool AccumulateAvx512(float* x, long* sum, float limit, nint from, nint to)
    {
        nint whole = from + ((to - from) & -8);
        bool valid = AccumulateWholeAvx512(x, sum, limit, from, whole);
        return AccumulateReference(x, sum, limit, whole, to) & valid;
    }

    /// <summary>The loop by itself: a vector that lives across a call is spilled in every turn.</summary>
    private static bool AccumulateWholeAvx512(float* x, long* sum, float limit, nint from, nint to)
    {
        Vector256<float> bound = Vector256.Create(limit);
        Vector256<float> valid = Vector256<float>.AllBitsSet;
        for (nint i = from; i < to; i += 8)
        {
            (Avx512F.LoadVector512(sum + i) + RoundEight(Avx.LoadVector256(x + i), bound, ref valid)).Store(sum + i);
        }

        return valid.AsInt32() == Vector256<int>.AllBitsSet;
    }

    private static void AddAvx512(long* x, long* sum, nint from, nint to)
    {
        nint i = from;
        for (; i <= to - 8; i += 8)
        {
            (Avx512F.LoadVector512(sum + i) + Avx512F.LoadVector512(x + i)).Store(sum + i);
        }

        AddReference(x, sum, i, to);
    }

    private static void ToFloatAvx512(long* sum, float* y, nint from, nint to)
    {
        Vector512<double> unit = Vector512.Create(FixedPointFormat.Unit);
        nint i = from;
        for (; i <= to - 8; i += 8)
        {
            Avx512F.ConvertToVector256Single(Avx512DQ.ConvertToVector512Double(Avx512F.LoadVector512(sum + i)) * unit).Store(y + i);
        }

        ToFloatReference(sum, y, i, to);
    }

    /// <summary>cvtpd2qq rounds to nearest even, the mode that every compute thread checks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<long> RoundEight(Vector256<float> x, Vector256<float> bound, ref Vector256<float> valid)
    {
        Vector256<float> inside = Avx.CompareLessThan(Vector256.Abs(x), bound);
        valid = Avx.And(valid, inside);
        Vector512<double> scaled = Avx512F.ConvertToVector512Double(Avx.And(x, inside)) * Vector512.Create(FixedPointFormat.Scale);
        return Avx512DQ.ConvertToVector512Int64(scaled);
    }
}

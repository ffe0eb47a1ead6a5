using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Olmo.Model.Numerics;

namespace Olmo.Model.Kernels;

internal static unsafe partial class FixedPoint
{
    /// <summary>1.5 * 2^52: adding it rounds a number of magnitude below 2^51 to an integer in the low bits of the pattern.</summary>
    private const double Shifter = 6755399441055744.0;

    private const double TwoTo32 = 4294967296.0;

    private static bool RoundAvx2(float* x, long* y, float limit, nint from, nint to)
    {
        nint whole = from + ((to - from) & -4);
        bool valid = RoundWholeAvx2(x, y, limit, from, whole);
        return RoundReference(x, y, limit, whole, to) & valid;
    }

    /// <summary>The loop by itself: a vector that lives across a call is spilled in every turn.</summary>
    private static bool RoundWholeAvx2(float* x, long* y, float limit, nint from, nint to)
    {
        Vector128<float> bound = Vector128.Create(limit);
        Vector128<float> valid = Vector128<float>.AllBitsSet;
        for (nint i = from; i < to; i += 4)
        {
            RoundFour(Sse2.LoadVector128(x + i), bound, ref valid).Store(y + i);
        }

        return valid.AsInt32() == Vector128<int>.AllBitsSet;
    }

    private static bool AccumulateAvx2(float* x, long* sum, float limit, nint from, nint to)
    {
        nint whole = from + ((to - from) & -4);
        bool valid = AccumulateWholeAvx2(x, sum, limit, from, whole);
        return AccumulateReference(x, sum, limit, whole, to) & valid;
    }

    /// <summary>The loop by itself: a vector that lives across a call is spilled in every turn.</summary>
    private static bool AccumulateWholeAvx2(float* x, long* sum, float limit, nint from, nint to)
    {
        Vector128<float> bound = Vector128.Create(limit);
        Vector128<float> valid = Vector128<float>.AllBitsSet;
        for (nint i = from; i < to; i += 4)
        {
            Avx2.Add(Avx.LoadVector256(sum + i), RoundFour(Sse2.LoadVector128(x + i), bound, ref valid)).Store(sum + i);
        }

        return valid.AsInt32() == Vector128<int>.AllBitsSet;
    }

    private static void AddAvx2(long* x, long* sum, nint from, nint to)
    {
        nint i = from;
        for (; i <= to - 4; i += 4)
        {
            Avx2.Add(Avx.LoadVector256(sum + i), Avx.LoadVector256(x + i)).Store(sum + i);
        }

        AddReference(x, sum, i, to);
    }

    private static void ToFloatAvx2(long* sum, float* y, nint from, nint to)
    {
        Vector256<double> unit = Vector256.Create(FixedPointFormat.Unit);
        nint i = from;
        for (; i <= to - 4; i += 4)
        {
            Avx.ConvertToVector128Single(Avx.Multiply(ToDouble(Avx.LoadVector256(sum + i)), unit)).Store(y + i);
        }

        ToFloatReference(sum, y, i, to);
    }

    /// <summary>
    /// The high part is the nearest multiple of 2^32, the rest has magnitude at most 2^31 and is exact; both are read from the pattern of a sum
    /// with the shifter. A multiple of 2^32 does not change the parity that decides a tie.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<long> RoundFour(Vector128<float> x, Vector128<float> bound, ref Vector128<float> valid)
    {
        Vector128<float> inside = Sse.CompareLessThan(Vector128.Abs(x), bound);
        valid = Sse.And(valid, inside);
        Vector256<double> scaled = Avx.Multiply(Avx.ConvertToVector256Double(Sse.And(x, inside)), Vector256.Create(FixedPointFormat.Scale));
        Vector256<double> shifter = Vector256.Create(Shifter);
        Vector256<double> shiftedHigh = Avx.Add(Avx.Multiply(scaled, Vector256.Create(1.0 / TwoTo32)), shifter);
        Vector256<double> high = Avx.Subtract(shiftedHigh, shifter);
        Vector256<double> low = Avx.Subtract(scaled, Avx.Multiply(high, Vector256.Create(TwoTo32)));
        Vector256<long> highBits = Avx2.Subtract(shiftedHigh.AsInt64(), shifter.AsInt64());
        Vector256<long> lowBits = Avx2.Subtract(Avx.Add(low, shifter).AsInt64(), shifter.AsInt64());
        return Avx2.Add(Avx2.ShiftLeftLogical(highBits, 32), lowBits);
    }

    /// <summary>
    /// int64 to fp64 with one rounding: the low 32 bits on 2^52, the high 32 bits, made unsigned, on 2^84; the subtraction is exact.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> ToDouble(Vector256<long> x)
    {
        Vector256<long> low = Avx2.Blend(Vector256.Create(0x4330_0000_0000_0000).AsInt32(), x.AsInt32(), 0b0101_0101).AsInt64();
        Vector256<long> high = Avx2.Xor(Avx2.ShiftRightLogical(x, 32), Vector256.Create(0x4530_0000_8000_0000));
        Vector256<double> offset = Vector256.Create(19342813113834066795298816.0 + 9223372036854775808.0 + 4503599627370496.0);
        return Avx.Add(Avx.Subtract(high.AsDouble(), offset), low.AsDouble());
    }
}

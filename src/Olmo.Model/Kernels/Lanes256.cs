using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Olmo.Model.Numerics;

namespace Olmo.Model.Kernels;

/// <summary>Sixteen lanes in two 256-bit registers.</summary>
internal readonly unsafe struct Lanes256(Vector256<float> low, Vector256<float> high) : ILanes<Lanes256>
{
    private readonly Vector256<float> _low = low;
    private readonly Vector256<float> _high = high;

    public static bool IsWide => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Splat(float value) => new(Vector256.Create(value), Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Load(float* source) => new(Avx.LoadVector256(source), Avx.LoadVector256(source + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 LoadTail(float* source, nint count, float fill)
    {
        Vector256<float> low = TailMask(count);
        Vector256<float> high = TailMask(count - 8);
        Vector256<float> other = Vector256.Create(fill);
        return new(
            Avx.BlendVariable(other, Avx.MaskLoad(source, low), low), Avx.BlendVariable(other, Avx.MaskLoad(source + 8, high), high));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 KeepFirst(Lanes256 value, nint count) =>
        new(Avx.And(TailMask(count), value._low), Avx.And(TailMask(count - 8), value._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes256 value, float* destination)
    {
        value._low.Store(destination);
        value._high.Store(destination + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreTail(Lanes256 value, float* destination, nint count)
    {
        Avx.MaskStore(destination, TailMask(count), value._low);
        Avx.MaskStore(destination + 8, TailMask(count - 8), value._high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator +(Lanes256 a, Lanes256 b) => new(Avx.Add(a._low, b._low), Avx.Add(a._high, b._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator -(Lanes256 a, Lanes256 b) => new(Avx.Subtract(a._low, b._low), Avx.Subtract(a._high, b._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator -(Lanes256 a) => new(-a._low, -a._high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator *(Lanes256 a, Lanes256 b) => new(Avx.Multiply(a._low, b._low), Avx.Multiply(a._high, b._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator /(Lanes256 a, Lanes256 b) => new(Avx.Divide(a._low, b._low), Avx.Divide(a._high, b._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Fma(Lanes256 a, Lanes256 b, Lanes256 c) =>
        new(
            System.Runtime.Intrinsics.X86.Fma.MultiplyAdd(a._low, b._low, c._low),
            System.Runtime.Intrinsics.X86.Fma.MultiplyAdd(a._high, b._high, c._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Sqrt(Lanes256 a) => new(Avx.Sqrt(a._low), Avx.Sqrt(a._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Abs(Lanes256 a) => new(Vector256.Abs(a._low), Vector256.Abs(a._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Min(Lanes256 a, Lanes256 b) => new(Avx.Min(a._low, b._low), Avx.Min(a._high, b._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Max(Lanes256 a, Lanes256 b) => new(Avx.Max(a._low, b._low), Avx.Max(a._high, b._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 SelectAtMost(Lanes256 a, Lanes256 b, Lanes256 then, Lanes256 otherwise) =>
        new(
            Vector256.ConditionalSelect(Vector256.LessThanOrEqual(a._low, b._low), then._low, otherwise._low),
            Vector256.ConditionalSelect(Vector256.LessThanOrEqual(a._high, b._high), then._high, otherwise._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 ScaleByPowerOfTwo(Lanes256 value, Lanes256 shifted) => new(Scale(value._low, shifted._low), Scale(value._high, shifted._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float FoldSum(Lanes256 a)
    {
        Vector256<float> v8 = a._low + a._high;
        Vector128<float> v4 = v8.GetLower() + v8.GetUpper();
        Vector128<float> v2 = v4 + Sse.MoveHighToLow(v4, v4);
        return v2.ToScalar() + v2.GetElement(1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float FoldMax(Lanes256 a)
    {
        Vector256<float> v8 = Avx.Max(a._low, a._high);
        Vector128<float> v4 = Sse.Max(v8.GetLower(), v8.GetUpper());
        Vector128<float> v2 = Sse.Max(v4, Sse.MoveHighToLow(v4, v4));
        return Sse.MaxScalar(v2, Sse.Shuffle(v2, v2, 1)).ToScalar();
    }

    /// <summary>Two factors 2^(n/2) and 2^(n - n/2): the first product is exact, the second rounds once, also into the subnormals.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Scale(Vector256<float> value, Vector256<float> shifted)
    {
        Vector256<int> n = Avx2.Subtract(shifted.AsInt32(), Vector256.Create(Elementary.RoundingShift32).AsInt32());
        Vector256<int> half = Avx2.ShiftRightArithmetic(n, 1);
        Vector256<int> bias = Vector256.Create(127);
        Vector256<float> first = Avx2.ShiftLeftLogical(Avx2.Add(half, bias), 23).AsSingle();
        Vector256<float> second = Avx2.ShiftLeftLogical(Avx2.Add(Avx2.Subtract(n, half), bias), 23).AsSingle();
        return Avx.Multiply(Avx.Multiply(value, first), second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> TailMask(nint count) => Avx2.CompareGreaterThan(Vector256.Create((int)count), Vector256<int>.Indices).AsSingle();
}

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Olmo.Model.Kernels;

/// <summary>Transposes blocks 8 deep with AVX2, in the same two steps as <see cref="GemmTranspose512"/>.</summary>
internal static unsafe class GemmTranspose256
{
    /// <summary>Columns of a block.</summary>
    public const int Depth = 8;

    /// <summary>target [8, 8] with rows <paramref name="lanes"/> apart = source [8, 8] transposed.</summary>
    public static void Rows8(float* source, nint stride, float* target, nint lanes)
    {
        Four(Load(source), Load(source + stride), Load(source + (2 * stride)), Load(source + (3 * stride)), out Vector256<float> a0, out Vector256<float> a1, out Vector256<float> a2, out Vector256<float> a3);
        source += 4 * stride;
        Four(Load(source), Load(source + stride), Load(source + (2 * stride)), Load(source + (3 * stride)), out Vector256<float> b0, out Vector256<float> b1, out Vector256<float> b2, out Vector256<float> b3);
        Avx.Permute2x128(a0, b0, 0x20).Store(target);
        Avx.Permute2x128(a1, b1, 0x20).Store(target + lanes);
        Avx.Permute2x128(a2, b2, 0x20).Store(target + (2 * lanes));
        Avx.Permute2x128(a3, b3, 0x20).Store(target + (3 * lanes));
        target += 4 * lanes;
        Avx.Permute2x128(a0, b0, 0x31).Store(target);
        Avx.Permute2x128(a1, b1, 0x31).Store(target + lanes);
        Avx.Permute2x128(a2, b2, 0x31).Store(target + (2 * lanes));
        Avx.Permute2x128(a3, b3, 0x31).Store(target + (3 * lanes));
    }

    /// <summary>target [8, 6] = source [6, 8] transposed.</summary>
    public static void Rows6(float* source, nint stride, float* target)
    {
        Four(Load(source), Load(source + stride), Load(source + (2 * stride)), Load(source + (3 * stride)), out Vector256<float> a0, out Vector256<float> a1, out Vector256<float> a2, out Vector256<float> a3);
        source += 4 * stride;
        Four(Load(source), Load(source + stride), Vector256<float>.Zero, Vector256<float>.Zero, out Vector256<float> b0, out Vector256<float> b1, out Vector256<float> b2, out Vector256<float> b3);

        // Rows are stored as 8 lanes, of which the next row overwrites two; the last one keeps to its 6 lanes.
        Avx.Permute2x128(a0, b0, 0x20).Store(target);
        Avx.Permute2x128(a1, b1, 0x20).Store(target + 6);
        Avx.Permute2x128(a2, b2, 0x20).Store(target + 12);
        Avx.Permute2x128(a3, b3, 0x20).Store(target + 18);
        Avx.Permute2x128(a0, b0, 0x31).Store(target + 24);
        Avx.Permute2x128(a1, b1, 0x31).Store(target + 30);
        Avx.Permute2x128(a2, b2, 0x31).Store(target + 36);
        a3.GetUpper().Store(target + 42);
        Sse.StoreLow(target + 46, b3.GetUpper());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Load(float* source) => Avx.LoadVector256(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Four(
        Vector256<float> r0, Vector256<float> r1, Vector256<float> r2, Vector256<float> r3, out Vector256<float> c0, out Vector256<float> c1, out Vector256<float> c2, out Vector256<float> c3)
    {
        Vector256<double> low01 = Avx.UnpackLow(r0, r1).AsDouble();
        Vector256<double> high01 = Avx.UnpackHigh(r0, r1).AsDouble();
        Vector256<double> low23 = Avx.UnpackLow(r2, r3).AsDouble();
        Vector256<double> high23 = Avx.UnpackHigh(r2, r3).AsDouble();
        c0 = Avx.UnpackLow(low01, low23).AsSingle();
        c1 = Avx.UnpackHigh(low01, low23).AsSingle();
        c2 = Avx.UnpackLow(high01, high23).AsSingle();
        c3 = Avx.UnpackHigh(high01, high23).AsSingle();
    }
}

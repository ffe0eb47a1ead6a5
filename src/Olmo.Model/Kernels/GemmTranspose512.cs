using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Olmo.Model.Kernels;

/// <summary>
/// Transposes blocks 16 deep with AVX-512. Four rows become four vectors whose 128-bit part q holds column 4q + c of the four rows; then the parts of one column are brought together.
/// </summary>
internal static unsafe class GemmTranspose512
{
    /// <summary>Columns of a block.</summary>
    public const int Depth = 16;

    /// <summary>target [16, 16] with rows <paramref name="lanes"/> apart = source [16, 16] transposed.</summary>
    public static void Rows16(float* source, nint stride, float* target, nint lanes)
    {
        Four(source, stride, out Vector512<float> r00, out Vector512<float> r01, out Vector512<float> r02, out Vector512<float> r03);
        Four(source + (4 * stride), stride, out Vector512<float> r10, out Vector512<float> r11, out Vector512<float> r12, out Vector512<float> r13);
        Four(source + (8 * stride), stride, out Vector512<float> r20, out Vector512<float> r21, out Vector512<float> r22, out Vector512<float> r23);
        Four(source + (12 * stride), stride, out Vector512<float> r30, out Vector512<float> r31, out Vector512<float> r32, out Vector512<float> r33);
        Store(r00, r10, r20, r30, target, 4 * lanes);
        Store(r01, r11, r21, r31, target + lanes, 4 * lanes);
        Store(r02, r12, r22, r32, target + (2 * lanes), 4 * lanes);
        Store(r03, r13, r23, r33, target + (3 * lanes), 4 * lanes);
    }

    /// <summary>target [16, 12] = source [12, 16] transposed.</summary>
    public static void Rows12(float* source, nint stride, float* target)
    {
        Four(source, stride, out Vector512<float> r00, out Vector512<float> r01, out Vector512<float> r02, out Vector512<float> r03);
        Four(source + (4 * stride), stride, out Vector512<float> r10, out Vector512<float> r11, out Vector512<float> r12, out Vector512<float> r13);
        Four(source + (8 * stride), stride, out Vector512<float> r20, out Vector512<float> r21, out Vector512<float> r22, out Vector512<float> r23);

        // Rows are stored as 16 lanes, of which the next row overwrites four; so rows go in ascending order, and the last one keeps to its 12 lanes.
        Parts(r00, r10, r20, Vector512<float>.Zero, out Vector512<float> t0, out Vector512<float> t4, out Vector512<float> t8, out Vector512<float> tC);
        Parts(r01, r11, r21, Vector512<float>.Zero, out Vector512<float> t1, out Vector512<float> t5, out Vector512<float> t9, out Vector512<float> tD);
        Parts(r02, r12, r22, Vector512<float>.Zero, out Vector512<float> t2, out Vector512<float> t6, out Vector512<float> tA, out Vector512<float> tE);
        Parts(r03, r13, r23, Vector512<float>.Zero, out Vector512<float> t3, out Vector512<float> t7, out Vector512<float> tB, out Vector512<float> tF);
        t0.Store(target);
        t1.Store(target + 12);
        t2.Store(target + 24);
        t3.Store(target + 36);
        t4.Store(target + 48);
        t5.Store(target + 60);
        t6.Store(target + 72);
        t7.Store(target + 84);
        t8.Store(target + 96);
        t9.Store(target + 108);
        tA.Store(target + 120);
        tB.Store(target + 132);
        tC.Store(target + 144);
        tD.Store(target + 156);
        tE.Store(target + 168);
        tF.GetLower().Store(target + 180);
        tF.GetUpper().GetLower().Store(target + 188);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Four(float* source, nint stride, out Vector512<float> c0, out Vector512<float> c1, out Vector512<float> c2, out Vector512<float> c3)
    {
        Vector512<float> r0 = Avx512F.LoadVector512(source);
        Vector512<float> r1 = Avx512F.LoadVector512(source + stride);
        Vector512<float> r2 = Avx512F.LoadVector512(source + (2 * stride));
        Vector512<float> r3 = Avx512F.LoadVector512(source + (3 * stride));
        Vector512<double> low01 = Avx512F.UnpackLow(r0, r1).AsDouble();
        Vector512<double> high01 = Avx512F.UnpackHigh(r0, r1).AsDouble();
        Vector512<double> low23 = Avx512F.UnpackLow(r2, r3).AsDouble();
        Vector512<double> high23 = Avx512F.UnpackHigh(r2, r3).AsDouble();
        c0 = Avx512F.UnpackLow(low01, low23).AsSingle();
        c1 = Avx512F.UnpackHigh(low01, low23).AsSingle();
        c2 = Avx512F.UnpackLow(high01, high23).AsSingle();
        c3 = Avx512F.UnpackHigh(high01, high23).AsSingle();
    }

    // q0..q3 get the 128-bit parts 0..3 of all four inputs.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Parts(
        Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d, out Vector512<float> q0, out Vector512<float> q1, out Vector512<float> q2, out Vector512<float> q3)
    {
        Vector512<float> even01 = Avx512F.Shuffle4x128(a, b, 0x88);
        Vector512<float> odd01 = Avx512F.Shuffle4x128(a, b, 0xDD);
        Vector512<float> even23 = Avx512F.Shuffle4x128(c, d, 0x88);
        Vector512<float> odd23 = Avx512F.Shuffle4x128(c, d, 0xDD);
        q0 = Avx512F.Shuffle4x128(even01, even23, 0x88);
        q1 = Avx512F.Shuffle4x128(odd01, odd23, 0x88);
        q2 = Avx512F.Shuffle4x128(even01, even23, 0xDD);
        q3 = Avx512F.Shuffle4x128(odd01, odd23, 0xDD);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d, float* target, nint step)
    {
        Parts(a, b, c, d, out Vector512<float> q0, out Vector512<float> q1, out Vector512<float> q2, out Vector512<float> q3);
        q0.Store(target);
        q1.Store(target + step);
        q2.Store(target + (2 * step));
        q3.Store(target + (3 * step));
    }
}

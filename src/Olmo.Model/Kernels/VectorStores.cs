using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Olmo.Model.Kernels;

/// <summary>
/// Stores of vectors, in place of the framework's of the same name, which are generic: in code that is compiled ahead (CompileAhead.targets) those become calls, so that every kernel that
/// used them would be compiled when a rank starts. No target needs to be aligned.
/// </summary>
internal static unsafe class VectorStores
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(this Vector128<float> vector, float* target) => Sse.Store(target, vector);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(this Vector128<long> vector, long* target) => Sse2.Store(target, vector);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(this Vector128<byte> vector, byte* target) => Sse2.Store(target, vector);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(this Vector256<float> vector, float* target) => Avx.Store(target, vector);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(this Vector256<double> vector, double* target) => Avx.Store(target, vector);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(this Vector256<long> vector, long* target) => Avx.Store(target, vector);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(this Vector256<ulong> vector, ulong* target) => Avx.Store(target, vector);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(this Vector256<ushort> vector, ushort* target) => Avx.Store(target, vector);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(this Vector512<float> vector, float* target) => Avx512F.Store(target, vector);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(this Vector512<double> vector, double* target) => Avx512F.Store(target, vector);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(this Vector512<long> vector, long* target) => Avx512F.Store(target, vector);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(this Vector512<ulong> vector, ulong* target) => Avx512F.Store(target, vector);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(this Vector512<byte> vector, byte* target) => Avx512F.Store(target, vector);
}

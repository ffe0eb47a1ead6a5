using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Olmo.Model.Compute;

namespace Olmo.Model.Kernels;

/// <summary>Between fp32 and bf16: rounded to nearest, ties to even, NaN quiet; back without loss. Bits are moved only, so every width gives the same.</summary>
internal static unsafe partial class Rounding
{
    /// <summary>Rounds x[i] for elements from..to.</summary>
    /// <param name="width">Instruction set.</param>
    /// <param name="x">fp32</param>
    /// <param name="y">The rounded values as fp32; may be x; null: not wanted.</param>
    /// <param name="stored">The rounded values as bf16; null: not wanted.</param>
    /// <param name="from">First element.</param>
    /// <param name="to">One past the last.</param>
    public static void ToBFloat16(SimdWidth width, float* x, float* y, ushort* stored, nint from, nint to)
    {
        switch (width)
        {
            case SimdWidth.Avx512:
                ToBFloat16Avx512(x, y, stored, from, to);
                break;
            case SimdWidth.Avx2:
                ToBFloat16Avx2(x, y, stored, from, to);
                break;
            default:
                ToBFloat16Reference(x, y, stored, from, to);
                break;
        }
    }

    /// <summary>y[i] = stored[i] for elements from..to.</summary>
    public static void Widen(SimdWidth width, ushort* stored, float* y, nint from, nint to)
    {
        nint i = from;
        if (width == SimdWidth.Avx512)
        {
            for (; i <= to - 16; i += 16)
            {
                (Avx512F.ConvertToVector512UInt32(Avx.LoadVector256(stored + i)) << 16).AsSingle().Store(y + i);
            }
        }
        else if (width == SimdWidth.Avx2)
        {
            for (; i <= to - 8; i += 8)
            {
                (Avx2.ConvertToVector256Int32(Sse2.LoadVector128(stored + i)) << 16).AsSingle().Store(y + i);
            }
        }

        WidenReference(stored, y, i, to);
    }

    private static void ToBFloat16Avx512(float* x, float* y, ushort* stored, nint from, nint to)
    {
        nint i = from;
        for (; i <= to - 16; i += 16)
        {
            Vector512<float> value = Avx512F.LoadVector512(x + i);
            Vector512<uint> bits = value.AsUInt32();
            Vector512<uint> rounded = bits + Vector512.Create(0x7FFFu) + ((bits >> 16) & Vector512<uint>.One);
            Vector512<uint> quiet = bits | Vector512.Create(0x400000u);
            Vector512<uint> upper = Vector512.ConditionalSelect(Vector512.Equals(value, value).AsUInt32(), rounded, quiet) & Vector512.Create(0xFFFF0000u);
            if (y != null)
            {
                upper.AsSingle().Store(y + i);
            }

            if (stored != null)
            {
                Avx512F.ConvertToVector256UInt16(upper >> 16).Store(stored + i);
            }
        }

        ToBFloat16Reference(x, y, stored, i, to);
    }

    private static void ToBFloat16Avx2(float* x, float* y, ushort* stored, nint from, nint to)
    {
        nint i = from;
        for (; i <= to - 16; i += 16)
        {
            Vector256<uint> low = Upper(Avx.LoadVector256(x + i));
            Vector256<uint> high = Upper(Avx.LoadVector256(x + i + 8));
            if (y != null)
            {
                low.AsSingle().Store(y + i);
                high.AsSingle().Store(y + i + 8);
            }

            if (stored != null)
            {
                Vector256.Narrow(low >> 16, high >> 16).Store(stored + i);
            }
        }

        ToBFloat16Reference(x, y, stored, i, to);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Upper(Vector256<float> value)
    {
        Vector256<uint> bits = value.AsUInt32();
        Vector256<uint> rounded = bits + Vector256.Create(0x7FFFu) + ((bits >> 16) & Vector256<uint>.One);
        Vector256<uint> quiet = bits | Vector256.Create(0x400000u);
        return Vector256.ConditionalSelect(Vector256.Equals(value, value).AsUInt32(), rounded, quiet) & Vector256.Create(0xFFFF0000u);
    }
}

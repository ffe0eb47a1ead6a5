using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Olmo.Model.Kernels;

/// <content>A vector's integers are moved together by one permutation of its bytes; whole vectors are written, each over the rest of the one before.</content>
internal static unsafe partial class SumPacking
{
    private const byte Nothing = 0x80; // in a shuffle of 16 bytes: a zero

    // By width, 64 (for AVX2: 16) places each: the bytes that go out, and those that come in (for AVX-512: into the highest bytes).
    private static readonly byte[] PackPlaces512 = Places(64, (place, bytes) => place < 8 * bytes ? (place / bytes * 8) + (place % bytes) : 0);
    private static readonly byte[] UnpackPlaces512 = Places(64, (place, bytes) => place % 8 >= 8 - bytes ? (place / 8 * bytes) + (place % 8) - (8 - bytes) : 0);
    private static readonly byte[] PackPlaces128 = Places(16, (place, bytes) => place < 2 * bytes ? (place / bytes * 8) + (place % bytes) : Nothing);
    private static readonly byte[] UnpackPlaces128 = Places(16, (place, bytes) => place % 8 < bytes ? (place / 8 * bytes) + (place % 8) : Nothing);

    private static byte[] Places(int places, Func<int, int, int> of)
    {
        byte[] table = new byte[9 * places];
        for (int i = 0; i < table.Length; i++)
        {
            table[i] = (byte)of(i % places, i / places);
        }

        return table;
    }

    private static int WidthAvx512(long* x)
    {
        Vector512<long> magnitude = Vector512<long>.Zero;
        Vector512<long> any = Vector512<long>.Zero;
        for (int i = 0; i < BlockElements; i += 8)
        {
            Vector512<long> v = Avx512F.LoadVector512(x + i);
            magnitude |= v ^ (v >> 63);
            any |= v;
        }

        Vector256<long> m = magnitude.GetLower() | magnitude.GetUpper();
        Vector256<long> a = any.GetLower() | any.GetUpper();
        Vector128<long> m2 = m.GetLower() | m.GetUpper();
        Vector128<long> a2 = a.GetLower() | a.GetUpper();
        return WidthOf(m2[0] | m2[1], a2[0] | a2[1]);
    }

    private static int WidthAvx2(long* x)
    {
        Vector256<long> magnitude = Vector256<long>.Zero;
        Vector256<long> any = Vector256<long>.Zero;
        for (int i = 0; i < BlockElements; i += 4)
        {
            Vector256<long> v = Avx.LoadVector256(x + i);
            magnitude |= v ^ Avx2.CompareGreaterThan(Vector256<long>.Zero, v);
            any |= v;
        }

        Vector128<long> m = magnitude.GetLower() | magnitude.GetUpper();
        Vector128<long> a = any.GetLower() | any.GetUpper();
        return WidthOf(m[0] | m[1], a[0] | a[1]);
    }

    // The last vector ends inside the block's widest form, which the destination has room for.
    private static void PackAvx512(long* x, int bytes, byte* destination)
    {
        Vector512<byte> places = Vector512.LoadUnsafe(ref PackPlaces512[0], (nuint)(bytes * 64));
        nint step = 8 * bytes;
        for (int i = 0; i < BlockElements; i += 8, destination += step)
        {
            Avx512Vbmi.PermuteVar64x8(Avx512F.LoadVector512(x + i).AsByte(), places).Store(destination);
        }
    }

    private static void PackAvx2(long* x, int bytes, byte* destination)
    {
        Vector128<byte> places = Vector128.LoadUnsafe(ref PackPlaces128[0], (nuint)(bytes * 16));
        nint step = 2 * bytes;
        for (int i = 0; i < BlockElements; i += 2, destination += step)
        {
            Ssse3.Shuffle(Sse2.LoadVector128(x + i).AsByte(), places).Store(destination);
        }
    }

    // Shifted down from the highest bytes an integer gets its sign; a width of 0 shifts nothing and is cleared by itself.
    private static void UnpackAvx512(byte* source, int bytes, long* y)
    {
        if (bytes == 0)
        {
            new Span<long>(y, BlockElements).Clear();
            return;
        }

        Vector512<byte> places = Vector512.LoadUnsafe(ref UnpackPlaces512[0], (nuint)(bytes * 64));
        Vector128<long> unused = Vector128.CreateScalar(8L * (sizeof(long) - bytes));
        nint step = 8 * bytes;
        for (int i = 0; i < BlockElements; i += 8, source += step)
        {
            Avx512F.ShiftRightArithmetic(Avx512Vbmi.PermuteVar64x8(Avx512F.LoadVector512(source), places).AsInt64(), unused).Store(y + i);
        }
    }

    // With m the highest bit that was written, (v ^ m) - m gives the integer its sign.
    private static void UnpackAvx2(byte* source, int bytes, long* y)
    {
        if (bytes == 0)
        {
            new Span<long>(y, BlockElements).Clear();
            return;
        }

        Vector128<byte> places = Vector128.LoadUnsafe(ref UnpackPlaces128[0], (nuint)(bytes * 16));
        Vector128<long> sign = Vector128.Create(1L << ((8 * bytes) - 1));
        nint step = 2 * bytes;
        for (int i = 0; i < BlockElements; i += 2, source += step)
        {
            ((Ssse3.Shuffle(Sse2.LoadVector128(source), places).AsInt64() ^ sign) - sign).Store(y + i);
        }
    }
}

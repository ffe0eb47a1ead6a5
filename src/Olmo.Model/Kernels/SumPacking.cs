using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Olmo.Model.Compute;
using Olmo.Model.Numerics;

namespace Olmo.Model.Kernels;

/// <summary>Packs 64-bit integers, and back: <see cref="PackedIntegers"/>.</summary>
internal static unsafe partial class SumPacking
{
    private const int BlockElements = PackedIntegers.BlockElements;

    /// <summary>Packs.</summary>
    /// <param name="width">Instruction set; decides speed only.</param>
    /// <param name="x">The integers.</param>
    /// <param name="count">Integers.</param>
    /// <param name="destination">Room for <see cref="PackedIntegers.MostBytes"/>; what lies behind the bytes that are returned is undefined.</param>
    /// <returns>Bytes that they take.</returns>
    public static nint Pack(SimdWidth width, long* x, nint count, byte* destination)
    {
        byte* widths = destination;
        byte* at = destination + PackedIntegers.Blocks(count);
        for (nint i = 0; i < count; i += BlockElements)
        {
            int n = (int)Math.Min(BlockElements, count - i);
            int bytes = n < BlockElements ? WidthReference(x + i, n) : WidthOf(width, x + i);
            *widths++ = (byte)bytes;
            if (n < BlockElements)
            {
                PackReference(x + i, n, bytes, at);
            }
            else if (width == SimdWidth.Avx512 && Avx512Vbmi.IsSupported)
            {
                PackAvx512(x + i, bytes, at);
            }
            else if (width != SimdWidth.Scalar)
            {
                PackAvx2(x + i, bytes, at);
            }
            else
            {
                PackReference(x + i, n, bytes, at);
            }

            at += n * bytes;
        }

        return (nint)(at - destination);
    }

    /// <summary>Unpacks what <see cref="PackedIntegers.LengthOf"/> found to be right.</summary>
    /// <param name="width">Instruction set; decides speed only.</param>
    /// <param name="source">The packed integers.</param>
    /// <param name="available">Bytes that may be read from there; as many as they take at least. More of them are faster.</param>
    /// <param name="y">The integers, written.</param>
    /// <param name="count">Integers.</param>
    public static void Unpack(SimdWidth width, byte* source, nint available, long* y, nint count)
    {
        byte* widths = source;
        byte* at = source + PackedIntegers.Blocks(count);
        byte* end = source + available;
        for (nint i = 0; i < count; i += BlockElements)
        {
            int n = (int)Math.Min(BlockElements, count - i);
            int bytes = *widths++;
            bool isRoomy = n == BlockElements && end - at >= (n * bytes) + (Vector512<byte>.Count - sizeof(long));
            if (isRoomy && width == SimdWidth.Avx512 && Avx512Vbmi.IsSupported)
            {
                UnpackAvx512(at, bytes, y + i);
            }
            else if (isRoomy && width != SimdWidth.Scalar)
            {
                UnpackAvx2(at, bytes, y + i);
            }
            else
            {
                UnpackReference(at, bytes, y + i, n);
            }

            at += n * bytes;
        }
    }

    private static int WidthOf(SimdWidth width, long* x) => width switch
    {
        SimdWidth.Avx512 => WidthAvx512(x),
        SimdWidth.Avx2 => WidthAvx2(x),
        _ => WidthReference(x, BlockElements),
    };

    // From the bits that differ from the sign in any of the integers, and from the bits that are set in any.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int WidthOf(long magnitude, long any) => any == 0 ? 0 : (int)((sizeof(long) * 8) + 1 - long.LeadingZeroCount(magnitude) + 7) / 8;
}

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Olmo.Model.Compute;

namespace Olmo.Model.Kernels;

/// <summary>
/// 64-bit integers in as many bytes as they need, without loss: first one byte for each block of 64 (the last may be shorter), the bytes that each of its integers takes, 0 to 8;
/// then the integers, block after block, their lowest bytes first. The highest bit that is written is the sign. A block of zeros takes no byte.
/// </summary>
internal static unsafe partial class SumPacking
{
    /// <summary>Integers that share a width.</summary>
    public const int BlockElements = 64;

    /// <summary>Most bytes of some integers; also what <see cref="Pack"/> may write to, whatever it returns.</summary>
    public static long MostBytes(long count) => Blocks(count) + (count * sizeof(long));

    /// <summary>Packs.</summary>
    /// <param name="width">Instruction set; decides speed only.</param>
    /// <param name="x">The integers.</param>
    /// <param name="count">Integers.</param>
    /// <param name="destination">Room for <see cref="MostBytes"/>; what lies behind the bytes that are returned is undefined.</param>
    /// <returns>Bytes that they take.</returns>
    public static nint Pack(SimdWidth width, long* x, nint count, byte* destination)
    {
        byte* widths = destination;
        byte* at = destination + Blocks(count);
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

    /// <summary>Bytes that some packed integers take.</summary>
    /// <param name="source">Begins with them.</param>
    /// <param name="count">Integers.</param>
    /// <returns>-1 where a width is above 8 or the bytes are too few.</returns>
    public static long LengthOf(ReadOnlySpan<byte> source, long count)
    {
        long blocks = Blocks(count);
        if (source.Length < blocks)
        {
            return -1;
        }

        long length = blocks;
        for (int b = 0; b < blocks; b++)
        {
            if (source[b] > sizeof(long))
            {
                return -1;
            }

            length += source[b] * Math.Min(BlockElements, count - ((long)b * BlockElements));
        }

        return length <= source.Length ? length : -1;
    }

    /// <summary>Unpacks what <see cref="LengthOf"/> found to be right.</summary>
    /// <param name="width">Instruction set; decides speed only.</param>
    /// <param name="source">The packed integers.</param>
    /// <param name="available">Bytes that may be read from there; as many as they take at least. More of them are faster.</param>
    /// <param name="y">The integers, written.</param>
    /// <param name="count">Integers.</param>
    public static void Unpack(SimdWidth width, byte* source, nint available, long* y, nint count)
    {
        byte* widths = source;
        byte* at = source + Blocks(count);
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

    private static long Blocks(long count) => (count + BlockElements - 1) / BlockElements;

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

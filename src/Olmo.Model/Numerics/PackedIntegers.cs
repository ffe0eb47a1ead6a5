namespace Olmo.Model.Numerics;

/// <summary>
/// 64-bit integers in as many bytes as they need, without loss: first one byte for each block of 64 (the last may be shorter), the bytes that each of its integers takes, 0 to 8;
/// then the integers, block after block, their lowest bytes first. The highest bit that is written is the sign. A block of zeros takes no byte.
/// </summary>
internal static class PackedIntegers
{
    /// <summary>Integers that share a width.</summary>
    public const int BlockElements = 64;

    /// <summary>Blocks of some integers.</summary>
    public static long Blocks(long count) => (count + BlockElements - 1) / BlockElements;

    /// <summary>Most bytes that some integers may take.</summary>
    public static long MostBytes(long count) => Blocks(count) + (count * sizeof(long));

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
}

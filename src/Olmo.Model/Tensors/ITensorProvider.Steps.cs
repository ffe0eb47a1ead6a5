namespace Olmo.Model.Tensors;

/// <content>Sums across groups, their measures, and the update: what owners of shards do.</content>
public partial interface ITensorProvider
{
    /// <summary>
    /// sums[Packed + i] (+)= round(gradient[InTensor + i] 2^48), to nearest even, for each range. Magnitudes at or above the limit, and NaN, count as 0 and raise the
    /// range's flag.
    /// </summary>
    /// <param name="gradient">F32</param>
    /// <param name="sums">I64, packed</param>
    /// <param name="ranges">Disjoint in both.</param>
    /// <param name="limit">2^14 / G</param>
    /// <param name="accumulate">False: sums are overwritten.</param>
    /// <param name="flags">I32 [ranges]: set to 1, never to 0.</param>
    void AddRounded(in Tensor gradient, in Tensor sums, ReadOnlySpan<ChunkRange> ranges, float limit, bool accumulate, in Tensor flags);

    /// <summary>sums += values, modulo 2^64.</summary>
    /// <param name="values">I64 [n]</param>
    /// <param name="sums">I64 [n]</param>
    void AddIntegers(in Tensor values, in Tensor sums);

    /// <summary>Copies integers to the host in as many bytes as they need, without loss. Waits for the device.</summary>
    /// <remarks>
    /// First a byte for each block of 64 integers (the last may be shorter): the bytes of each of its integers, 0 to 8, the fewest that hold them in two's complement, 0 where all are 0. Then the
    /// integers, block after block, little-endian.
    /// </remarks>
    /// <param name="source">I64 [n]</param>
    /// <param name="packed">Room for ceil(n / 64) + 8 n bytes; those behind the ones that are returned are undefined.</param>
    /// <returns>Bytes written.</returns>
    int ReadPacked(in Tensor source, Span<byte> packed);

    /// <summary>Copies integers from the host, as <see cref="ReadPacked"/> gives them.</summary>
    /// <param name="destination">I64 [n], written.</param>
    /// <param name="packed">Begins with the packed integers; what follows is not looked at, but makes it faster.</param>
    /// <returns>Bytes that they took.</returns>
    /// <exception cref="ArgumentException">A width is above 8, or the bytes are too few; nothing was written.</exception>
    int WritePacked(in Tensor destination, ReadOnlySpan<byte> packed);

    /// <summary>Of each range of sums + other: the linear digest Σ x_i h(Index + i) modulo 2^64, and the sum of squares of x 2^-48 as fp32.</summary>
    /// <remarks>
    /// h(i): u = (i + 1) 0x9E3779B97F4A7C15; u = (u ^ u >> 32) 0xD6E8FEB86659FD93; (u ^ u >> 32) | 1. Squares are fp64, element i in lane i mod 16, fold 8-4-2-1.
    /// x 2^-48 is rounded to fp64, multiplied, and rounded to fp32.
    /// </remarks>
    /// <param name="sums">I64, packed</param>
    /// <param name="other">I64, packed; none: 0.</param>
    /// <param name="ranges">What is measured.</param>
    /// <param name="digests">I64 [ranges], written.</param>
    /// <param name="squares">F64 [ranges], written; none: not wanted.</param>
    /// <param name="gradient">F32, packed, written with the numbers that are squared: what <see cref="AdamW"/> takes in place of both parts. None: not wanted. Not without squares.</param>
    void Measure(in Tensor sums, in Tensor other, ReadOnlySpan<ChunkRange> ranges, in Tensor digests, in Tensor squares, in Tensor gradient);

    /// <summary>
    /// AdamW with decoupled decay, in place, by the gradient (sums + other) 2^-48 of each range, and the ranges' state digests after it. Per element, each operation
    /// rounded to fp32, "fma" rounded once:
    /// <code>
    /// g = gradient * Clip
    /// p = p * Decay
    /// m = fma(OneMinusBeta1, g - m, m)
    /// v = fma(OneMinusBeta2 * g, g, v * Beta2)
    /// p = fma(-StepSize, m / fma(sqrt(v), InverseRootCorrection2, Epsilon), p)
    /// </code>
    /// </summary>
    /// <param name="step">Scalars.</param>
    /// <param name="sums">I64, packed; or F32, packed: the gradient itself, as <see cref="Measure"/> wrote it, beside no other.</param>
    /// <param name="other">I64, packed; none: 0.</param>
    /// <param name="p">F32, at InTensor.</param>
    /// <param name="m">F32, packed</param>
    /// <param name="v">F32, packed</param>
    /// <param name="ranges">Disjoint; Index as in <see cref="DigestState"/>.</param>
    /// <param name="digests">I64 [ranges], written.</param>
    void AdamW(
        in AdamWStep step, in Tensor sums, in Tensor other, in Tensor p, in Tensor m, in Tensor v, ReadOnlySpan<ChunkRange> ranges, in Tensor digests);

    /// <summary>
    /// Digest of parameters and moments of each range: the linear digest over their bits, two elements as one little-endian integer, whose index is plane 2^60 + Index + pair
    /// (planes 0, 1, 2 are p, m, v); an odd last element is an integer of its own.
    /// </summary>
    /// <param name="p">F32, at InTensor.</param>
    /// <param name="m">F32, packed</param>
    /// <param name="v">F32, packed</param>
    /// <param name="ranges">What is digested.</param>
    /// <param name="digests">I64 [ranges], written.</param>
    void DigestState(in Tensor p, in Tensor m, in Tensor v, ReadOnlySpan<ChunkRange> ranges, in Tensor digests);
}

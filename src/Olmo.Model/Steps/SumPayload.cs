namespace Olmo.Model.Steps;

/// <summary>How the numbers of a <see cref="SumFrame"/> are written.</summary>
public enum SumPayload
{
    /// <summary>Gradient of a single group as fp32: the receiver rounds it to fixed point, with the same result.</summary>
    Float32 = 1,

    /// <summary>64-bit integers as they are: the scalars.</summary>
    Fixed64 = 2,

    /// <summary>
    /// Sum of groups as 64-bit fixed point of scale 2^-48, in as many bytes as it needs. Each chunk by itself: a byte for each block of 64 elements (the last may be shorter), the bytes of each of its
    /// elements, 0 to 8, the fewest that hold them in two's complement, 0 where all are 0; then the elements, block after block, little-endian.
    /// </summary>
    Packed = 3,
}

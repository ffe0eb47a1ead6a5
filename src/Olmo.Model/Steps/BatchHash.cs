using System.Buffers.Binary;

namespace Olmo.Model.Steps;

/// <summary>A SHA-256 as a value that needs no array.</summary>
public readonly record struct BatchHash(ulong A, ulong B, ulong C, ulong D)
{
    /// <summary>Bytes of a hash.</summary>
    public const int Length = 32;

    /// <summary>The value of 32 bytes.</summary>
    public static BatchHash Of(ReadOnlySpan<byte> sha256) => new(
        BinaryPrimitives.ReadUInt64BigEndian(sha256),
        BinaryPrimitives.ReadUInt64BigEndian(sha256[8..]),
        BinaryPrimitives.ReadUInt64BigEndian(sha256[16..]),
        BinaryPrimitives.ReadUInt64BigEndian(sha256[24..]));

    /// <summary>Lower-case hexadecimal.</summary>
    public override string ToString() => $"{A:x16}{B:x16}{C:x16}{D:x16}";
}

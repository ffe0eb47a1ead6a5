using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Olmo.Actors.Collectives;

/// <summary>
/// Checksum of a payload: four CRC-32C, of which number i takes the 8-byte words i, i + 4, i + 8 ... (each starting from all ones), then the bytes after the last whole
/// 32 go into number 0, and the result is the CRC-32C of the four, inverted. Four chains, because the instruction has a latency of three cycles; any single
/// flipped bit, and any burst of up to 32 bits inside a word, changes it.
/// </summary>
public static class PayloadChecksum
{
    /// <summary>Checksum of <paramref name="payload"/>.</summary>
    public static uint Of(ReadOnlySpan<byte> payload)
    {
        uint a = uint.MaxValue, b = uint.MaxValue, c = uint.MaxValue, d = uint.MaxValue;
        int whole = payload.Length & ~31;
        if (BitConverter.IsLittleEndian)
        {
            ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(payload[..whole]);
            for (int i = 0; i + 3 < words.Length; i += 4)
            {
                a = BitOperations.Crc32C(a, words[i]);
                b = BitOperations.Crc32C(b, words[i + 1]);
                c = BitOperations.Crc32C(c, words[i + 2]);
                d = BitOperations.Crc32C(d, words[i + 3]);
            }
        }
        else
        {
            for (int i = 0; i < whole; i += 32)
            {
                a = BitOperations.Crc32C(a, BinaryPrimitives.ReadUInt64LittleEndian(payload[i..]));
                b = BitOperations.Crc32C(b, BinaryPrimitives.ReadUInt64LittleEndian(payload[(i + 8)..]));
                c = BitOperations.Crc32C(c, BinaryPrimitives.ReadUInt64LittleEndian(payload[(i + 16)..]));
                d = BitOperations.Crc32C(d, BinaryPrimitives.ReadUInt64LittleEndian(payload[(i + 24)..]));
            }
        }

        foreach (byte last in payload[whole..])
        {
            a = BitOperations.Crc32C(a, last);
        }

        uint all = BitOperations.Crc32C(uint.MaxValue, a);
        all = BitOperations.Crc32C(all, b);
        all = BitOperations.Crc32C(all, c);
        return ~BitOperations.Crc32C(all, d);
    }
}

using System.Runtime.CompilerServices;

namespace Olmo.Model.Numerics;

/// <summary>bf16: the upper half of a binary32.</summary>
internal static class BFloat16
{
    /// <summary>The nearest pattern, ties to even; NaN stays NaN.</summary>
    public static ushort Round(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value)
            ? (ushort)((bits >> 16) | 0x40) // quiet, as a NaN whose upper bits are 0 would become an infinity
            : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    /// <summary>fp32 of a pattern, exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Widen(ushort pattern) => BitConverter.UInt32BitsToSingle((uint)pattern << 16);
}

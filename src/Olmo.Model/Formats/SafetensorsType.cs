namespace Olmo.Model.Formats;

/// <summary>Element types of the safetensors format. All can be listed and read as bytes; those of at least 8 bits that are no F8 also as numbers.</summary>
public enum SafetensorsType
{
    /// <summary>One byte, 0 or 1.</summary>
    Bool = 0,

    /// <summary>4-bit float.</summary>
    F4 = 1,

    /// <summary>6-bit float, 2 exponent bits.</summary>
    F6E2M3 = 2,

    /// <summary>6-bit float, 3 exponent bits.</summary>
    F6E3M2 = 3,

    /// <summary>Unsigned, 8 bits.</summary>
    U8 = 4,

    /// <summary>Signed, 8 bits.</summary>
    I8 = 5,

    /// <summary>8-bit float, 5 exponent bits.</summary>
    F8E5M2 = 6,

    /// <summary>8-bit float, 4 exponent bits.</summary>
    F8E4M3 = 7,

    /// <summary>8-bit power of two.</summary>
    F8E8M0 = 8,

    /// <summary>8-bit float, 4 exponent bits, no negative zero.</summary>
    F8E4M3Fnuz = 9,

    /// <summary>8-bit float, 5 exponent bits, no negative zero.</summary>
    F8E5M2Fnuz = 10,

    /// <summary>Signed, 16 bits.</summary>
    I16 = 11,

    /// <summary>Unsigned, 16 bits.</summary>
    U16 = 12,

    /// <summary>IEEE 754 binary16.</summary>
    F16 = 13,

    /// <summary>Upper half of a binary32.</summary>
    BF16 = 14,

    /// <summary>Signed, 32 bits.</summary>
    I32 = 15,

    /// <summary>Unsigned, 32 bits.</summary>
    U32 = 16,

    /// <summary>IEEE 754 binary32.</summary>
    F32 = 17,

    /// <summary>Two binary32.</summary>
    C64 = 18,

    /// <summary>IEEE 754 binary64.</summary>
    F64 = 19,

    /// <summary>Signed, 64 bits.</summary>
    I64 = 20,

    /// <summary>Unsigned, 64 bits.</summary>
    U64 = 21,
}

namespace Olmo.Data.TokenFiles;

/// <summary>How a token id is stored. The number is the size of an id in bytes.</summary>
public enum TokenType
{
    /// <summary>Unsigned, 16 bit, little-endian: ids below 65,536.</summary>
    UInt16 = 2,

    /// <summary>Unsigned, 32 bit, little-endian. Ids above 2^31 - 1 are refused on reading and writing.</summary>
    UInt32 = 4,
}

namespace Olmo.Data.TokenFiles;

/// <summary>Choice and names of <see cref="TokenType"/>.</summary>
public static class TokenTypes
{
    /// <summary>The smallest type that holds <paramref name="vocabularySize"/> - 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The vocabulary is empty.</exception>
    public static TokenType Smallest(int vocabularySize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabularySize, 1);
        return vocabularySize - 1 <= ushort.MaxValue ? TokenType.UInt16 : TokenType.UInt32;
    }

    /// <summary>Size of one id in bytes.</summary>
    public static int SizeBytes(this TokenType type) => type switch
    {
        TokenType.UInt16 => 2,
        TokenType.UInt32 => 4,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "unknown token type"),
    };

    /// <summary>Largest id that the type can hold here.</summary>
    public static int LargestId(this TokenType type) => type == TokenType.UInt16 ? ushort.MaxValue : int.MaxValue;

    /// <summary>"uint16" or "uint32", as NumPy and OLMo call them.</summary>
    public static string Name(this TokenType type) => type switch
    {
        TokenType.UInt16 => "uint16",
        TokenType.UInt32 => "uint32",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "unknown token type"),
    };

    /// <summary>The type that <see cref="Name"/> names.</summary>
    /// <exception cref="DataException">Any other text.</exception>
    public static TokenType Parse(string name) => name switch
    {
        "uint16" => TokenType.UInt16,
        "uint32" => TokenType.UInt32,
        _ => throw new DataException($"Token type \"{name}\" is unknown: use uint16 or uint32."),
    };
}

using System.Collections.Immutable;

namespace Olmo.Model.Formats;

/// <summary>Facts of <see cref="SafetensorsType"/>.</summary>
public static class SafetensorsTypes
{
    // By the number of the type.
    private static readonly ImmutableArray<string> Names =
    [
        "BOOL", "F4", "F6_E2M3", "F6_E3M2", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ",
        "I16", "U16", "F16", "BF16", "I32", "U32", "F32", "C64", "F64", "I64", "U64",
    ];

    private static readonly ImmutableArray<int> BitSizes = [8, 4, 6, 6, 8, 8, 8, 8, 8, 8, 8, 16, 16, 16, 16, 32, 32, 32, 64, 64, 64, 64];

    /// <summary>Name in files.</summary>
    public static string Name(this SafetensorsType type) => Names[(int)type];

    /// <summary>Bits of one element.</summary>
    public static int SizeBits(this SafetensorsType type) => BitSizes[(int)type];

    /// <summary>The type that a name in a file stands for; names are case-sensitive.</summary>
    /// <returns>False: no such type.</returns>
    public static bool TryParse(string name, out SafetensorsType type)
    {
        int index = Names.IndexOf(name, 0, Names.Length, StringComparer.Ordinal);
        type = (SafetensorsType)Math.Max(index, 0);
        return index >= 0;
    }

    /// <summary>All names, for messages.</summary>
    internal static string AllNames => string.Join(", ", Names);
}

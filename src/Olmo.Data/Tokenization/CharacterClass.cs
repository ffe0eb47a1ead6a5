using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Olmo.Data.Tokenization;

/// <summary>
/// The classes that the split patterns know, per code point (Unicode 16: <c>\p{L}</c>, <c>\p{N}</c> and the 25 White_Space characters).
/// Unpaired surrogates are <see cref="Other"/>, like the U+FFFD that they become in UTF-8.
/// </summary>
internal static class CharacterClass
{
    public const byte Other = 0;
    public const byte Letter = 1;
    public const byte Number = 2;
    public const byte Space = 3;

    /// <summary>Carriage return and line feed: white space with a meaning of its own in cl100k.</summary>
    public const byte NewLine = 4;

    /// <summary>First half of a pair: the class is that of the whole code point.</summary>
    public const byte HighSurrogate = 5;

    private static readonly byte[] Bmp = BuildBmp();

    /// <summary>Class of a UTF-16 unit, <see cref="HighSurrogate"/> included.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte OfUnit(char unit) => Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(Bmp), unit);

    /// <summary>Class of the code point at <paramref name="index"/>, and its length in UTF-16 units.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte At(ReadOnlySpan<char> text, int index, out int width)
    {
        byte unit = OfUnit(text[index]);
        width = 1;
        return unit == HighSurrogate ? OfPair(text, index, out width) : unit;
    }

    /// <summary>Index of the first code point at or after <paramref name="index"/> that is not of the class (one of letter, number, other).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Skip(ReadOnlySpan<char> text, int index, byte wanted)
    {
        while ((uint)index < (uint)text.Length)
        {
            byte unit = OfUnit(text[index]);
            if (unit == wanted)
            {
                index++;
            }
            else if (unit == HighSurrogate && OfPair(text, index, out int width) == wanted)
            {
                index += width;
            }
            else
            {
                break;
            }
        }

        return index;
    }

    /// <summary>Index of the first character at or after <paramref name="index"/> that is not white space.</summary>
    public static int SkipSpace(ReadOnlySpan<char> text, int index)
    {
        while ((uint)index < (uint)text.Length && OfUnit(text[index]) is Space or NewLine)
        {
            index++;
        }

        return index;
    }

    /// <summary>Class of any code point.</summary>
    public static byte OfCodePoint(int codePoint)
    {
        if (codePoint is '\r' or '\n')
        {
            return NewLine;
        }

        UnicodeCategory category = CharUnicodeInfo.GetUnicodeCategory(codePoint);
        return category switch
        {
            <= UnicodeCategory.OtherLetter => Letter,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Number,
            _ when codePoint < 0x10000 && char.IsWhiteSpace((char)codePoint) => Space,
            _ => Other,
        };
    }

    /// <summary>Word characters of regular expressions: alphabetic, marks, decimal digits, connector punctuation, joiners (UTS 18).</summary>
    public static bool IsWord(int codePoint) => codePoint is 0x200C or 0x200D
        or (>= 0x24B6 and <= 0x24E9) or (>= 0x1F130 and <= 0x1F149) or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189)
        || CharUnicodeInfo.GetUnicodeCategory(codePoint) is <= UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static byte OfPair(ReadOnlySpan<char> text, int index, out int width)
    {
        if (index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]))
        {
            width = 2;
            return OfCodePoint(char.ConvertToUtf32(text[index], text[index + 1]));
        }

        width = 1;
        return Other;
    }

    private static byte[] BuildBmp()
    {
        byte[] table = new byte[0x10000];
        for (int c = 0; c < table.Length; c++)
        {
            table[c] = c switch
            {
                >= 0xD800 and <= 0xDBFF => HighSurrogate,
                >= 0xDC00 and <= 0xDFFF => Other,
                _ => OfCodePoint(c),
            };
        }

        return table;
    }
}

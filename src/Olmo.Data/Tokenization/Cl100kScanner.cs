namespace Olmo.Data.Tokenization;

/// <summary>
/// <c>(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,k}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+</c>,
/// written out; k is <paramref name="digitsMax"/>.
/// </summary>
internal sealed class Cl100kScanner(int digitsMax) : PieceScanner
{
    public override int Next(ReadOnlySpan<char> text, int start)
    {
        char first = text[start];
        byte kind = CharacterClass.At(text, start, out int width);
        if (kind == CharacterClass.Letter)
        {
            return CharacterClass.Skip(text, start + width, CharacterClass.Letter);
        }

        if (kind == CharacterClass.Number)
        {
            return SkipNumbers(text, start + width);
        }

        if (first == '\'' && ContractionLength(text[(start + 1)..]) is > 0 and int length)
        {
            return start + 1 + length;
        }

        int second = start + width;
        if (kind != CharacterClass.NewLine && second < text.Length)
        {
            byte next = CharacterClass.At(text, second, out int nextWidth);
            if (next == CharacterClass.Letter)
            {
                return CharacterClass.Skip(text, second + nextWidth, CharacterClass.Letter);
            }

            if (first == ' ' && next == CharacterClass.Other)
            {
                return SkipNewLines(text, CharacterClass.Skip(text, second + nextWidth, CharacterClass.Other));
            }
        }

        return kind == CharacterClass.Other
            ? SkipNewLines(text, CharacterClass.Skip(text, second, CharacterClass.Other))
            : EndOfSpaces(text, start);
    }

    private static int EndOfSpaces(ReadOnlySpan<char> text, int start)
    {
        int runEnd = CharacterClass.SkipSpace(text, start + 1);
        int lastNewLine = text[start..runEnd].LastIndexOfAny('\r', '\n');
        return lastNewLine >= 0 ? start + lastNewLine + 1 : EndOfSpaceRun(text, start, runEnd);
    }

    private static int SkipNewLines(ReadOnlySpan<char> text, int index)
    {
        while ((uint)index < (uint)text.Length && text[index] is '\r' or '\n')
        {
            index++;
        }

        return index;
    }

    private int SkipNumbers(ReadOnlySpan<char> text, int index)
    {
        for (int count = 1; count < digitsMax && index < text.Length; count++)
        {
            if (CharacterClass.At(text, index, out int width) != CharacterClass.Number)
            {
                break;
            }

            index += width;
        }

        return index;
    }

    /// <summary>Ignoring case by simple folding, U+017F (long s) counts as s.</summary>
    private static int ContractionLength(ReadOnlySpan<char> rest)
    {
        if (rest.IsEmpty)
        {
            return 0;
        }

        if (rest[0] is 's' or 't' or 'm' or 'd' or 'S' or 'T' or 'M' or 'D' or '\u017F')
        {
            return 1;
        }

        return rest is ['r' or 'v' or 'R' or 'V', 'e' or 'E', ..] or ['l' or 'L', 'l' or 'L', ..] ? 2 : 0;
    }
}

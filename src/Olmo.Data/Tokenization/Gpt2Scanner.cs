namespace Olmo.Data.Tokenization;

/// <summary><c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>, written out.</summary>
internal sealed class Gpt2Scanner : PieceScanner
{
    public override int Next(ReadOnlySpan<char> text, int start)
    {
        char first = text[start];
        int body = start;
        byte kind;
        int width;
        if (first == ' ' && start + 1 < text.Length)
        {
            kind = CharacterClass.At(text, start + 1, out width);
            if (kind is CharacterClass.Space or CharacterClass.NewLine)
            {
                return EndOfSpaceRun(text, start, CharacterClass.SkipSpace(text, start + 2));
            }

            body = start + 1;
        }
        else
        {
            kind = CharacterClass.At(text, start, out width);
            if (kind is CharacterClass.Space or CharacterClass.NewLine)
            {
                return EndOfSpaceRun(text, start, CharacterClass.SkipSpace(text, start + 1));
            }

            if (first == '\'' && ContractionLength(text[(start + 1)..]) is > 0 and int length)
            {
                return start + 1 + length;
            }
        }

        return CharacterClass.Skip(text, body + width, kind);
    }

    private static int ContractionLength(ReadOnlySpan<char> rest)
    {
        if (rest.IsEmpty)
        {
            return 0;
        }

        if (rest[0] is 's' or 't' or 'm' or 'd')
        {
            return 1;
        }

        return rest is ['r' or 'v', 'e', ..] or ['l', 'l', ..] ? 2 : 0;
    }
}

using System.Buffers;
using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace Olmo.Data.Tokenization;

/// <summary>Finds added tokens in text: leftmost first, the longest at one place.</summary>
internal sealed class AddedTokenMatcher
{
    private readonly SearchValues<string> _contents;
    private readonly FrozenDictionary<char, AddedToken[]> _byFirstUnit;

    public AddedTokenMatcher(IReadOnlyCollection<AddedToken> tokens)
    {
        _contents = SearchValues.Create([.. tokens.Select(t => t.Content)], StringComparison.Ordinal);
        _byFirstUnit = tokens
            .GroupBy(t => t.Content[0])
            .ToFrozenDictionary(g => g.Key, g => g.OrderByDescending(t => t.Content.Length).ToArray());
    }

    /// <summary>The next token at or after <paramref name="from"/>.</summary>
    /// <param name="text">The whole stretch; what stands around a match counts for <see cref="AddedToken.SingleWord"/> and stripping.</param>
    /// <param name="from">Where the last match ended.</param>
    /// <param name="specialAsText">Special tokens are passed over.</param>
    /// <param name="match">The token and the range that it takes, never below <paramref name="from"/>.</param>
    public bool TryFind(ReadOnlySpan<char> text, int from, bool specialAsText, out AddedTokenMatch match)
    {
        int at = from;
        while (at < text.Length && text[at..].IndexOfAny(_contents) is >= 0 and int found)
        {
            int start = at + found;
            AddedToken token = LongestAt(text[start..]);
            int end = start + token.Content.Length;
            at = end;
            if ((specialAsText && token.Special) || (token.SingleWord && (EndsWithWord(text[..start]) || StartsWithWord(text[end..]))))
            {
                continue;
            }

            if (token.LeftStrip)
            {
                start = from + SpaceFreeLength(text[from..start]);
            }

            if (token.RightStrip)
            {
                end = CharacterClass.SkipSpace(text, end);
            }

            match = new AddedTokenMatch(token, start, end);
            return true;
        }

        match = default;
        return false;
    }

    private static bool EndsWithWord(ReadOnlySpan<char> text) =>
        Rune.DecodeLastFromUtf16(text, out Rune rune, out _) == OperationStatus.Done && CharacterClass.IsWord(rune.Value);

    private static bool StartsWithWord(ReadOnlySpan<char> text) =>
        Rune.DecodeFromUtf16(text, out Rune rune, out _) == OperationStatus.Done && CharacterClass.IsWord(rune.Value);

    private static int SpaceFreeLength(ReadOnlySpan<char> text)
    {
        int length = text.Length;
        while (length > 0 && CharacterClass.OfUnit(text[length - 1]) is CharacterClass.Space or CharacterClass.NewLine)
        {
            length--;
        }

        return length;
    }

    private AddedToken LongestAt(ReadOnlySpan<char> text)
    {
        foreach (AddedToken token in _byFirstUnit[text[0]])
        {
            if (text.StartsWith(token.Content, StringComparison.Ordinal))
            {
                return token;
            }
        }

        throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"No added token begins with U+{(int)text[0]:X4}."));
    }
}

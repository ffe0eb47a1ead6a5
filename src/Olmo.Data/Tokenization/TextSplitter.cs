namespace Olmo.Data.Tokenization;

/// <summary>
/// Cuts text as the reference does: added tokens of the raw text first, each stretch between them normalised on its own, added
/// tokens of the normalised text, and the rest by the split pattern.
/// </summary>
internal sealed class TextSplitter
{
    private readonly AddedTokenMatcher? _rawTokens;
    private readonly AddedTokenMatcher? _normalizedTokens;
    private readonly bool _normalizesToNfc;
    private readonly PieceScanner _scanner;

    public TextSplitter(TokenizerDefinition definition)
    {
        AddedToken[] raw = [.. definition.AddedTokens.Where(t => !t.Normalized)];
        _rawTokens = raw.Length > 0 ? new AddedTokenMatcher(raw) : null;

        // The contents are looked for in normalised text, so they are normalised themselves.
        AddedToken[] normalized =
        [
            .. definition.AddedTokens.Where(t => t.Normalized).Select(
                t => definition.NormalizesToNfc && NfcNormalizer.Normalize(t.Content) is { } content ? t with { Content = content } : t),
        ];
        _normalizedTokens = normalized.Length > 0 ? new AddedTokenMatcher(normalized) : null;
        _normalizesToNfc = definition.NormalizesToNfc;
        _scanner = definition.Scanner;
    }

    public void Split<TSink>(ReadOnlySpan<char> text, EncodeOptions options, ref TSink sink)
        where TSink : struct, IPieceSink, allows ref struct
    {
        int done = 0;
        while (_rawTokens is not null && _rawTokens.TryFind(text, done, options.SpecialTokensAsText, out AddedTokenMatch match))
        {
            SplitRaw(text[done..match.Start], done, options, ref sink);
            sink.Added(match.Token, match.Start, match.End, inStretch: false);
            done = match.End;
        }

        SplitRaw(text[done..], done, options, ref sink);
    }

    private void SplitRaw<TSink>(ReadOnlySpan<char> raw, int rawStart, EncodeOptions options, ref TSink sink)
        where TSink : struct, IPieceSink, allows ref struct
    {
        if (raw.IsEmpty)
        {
            return;
        }

        List<SourceRange>? sources = _normalizesToNfc && TSink.WantsSources ? [] : null;
        string? normalized = _normalizesToNfc ? NfcNormalizer.Normalize(raw, sources) : null;
        sink.BeginStretch(rawStart, normalized is null ? null : sources);
        SplitStretch(normalized is null ? raw : normalized, options, ref sink);
    }

    private void SplitStretch<TSink>(ReadOnlySpan<char> stretch, EncodeOptions options, ref TSink sink)
        where TSink : struct, IPieceSink, allows ref struct
    {
        int done = 0;
        while (_normalizedTokens is not null && _normalizedTokens.TryFind(stretch, done, options.SpecialTokensAsText, out AddedTokenMatch match))
        {
            SplitPieces(stretch[..match.Start], done, ref sink);
            sink.Added(match.Token, match.Start, match.End, inStretch: true);
            done = match.End;
        }

        SplitPieces(stretch, done, ref sink);
    }

    /// <summary>Pieces from <paramref name="start"/> to the end of <paramref name="text"/>; the pattern does not see beyond either.</summary>
    private void SplitPieces<TSink>(ReadOnlySpan<char> text, int start, ref TSink sink)
        where TSink : struct, IPieceSink, allows ref struct
    {
        while (start < text.Length)
        {
            int end = _scanner.Next(text, start);
            sink.Piece(text, start, end);
            start = end;
        }
    }
}

namespace Olmo.Data.Tokenization;

/// <summary>Receives a text cut into added tokens and pieces, in order. Positions are UTF-16 units of the current stretch.</summary>
internal interface IPieceSink
{
    /// <summary>A stretch of raw text begins; <paramref name="sources"/> is null where the normalised text is the raw one.</summary>
    void BeginStretch(int rawStart, List<SourceRange>? sources);

    /// <summary>Whether <see cref="BeginStretch"/> wants sources: they cost time.</summary>
    static abstract bool WantsSources { get; }

    /// <summary>An added token of the raw text, at raw positions (<paramref name="inStretch"/> false), or of the stretch.</summary>
    void Added(AddedToken token, int start, int end, bool inStretch);

    void Piece(ReadOnlySpan<char> stretch, int start, int end);
}

namespace Olmo.Data.Tokenization;

/// <summary>Ids only: the fast path.</summary>
internal readonly struct IdSink(EncoderWorkspace workspace) : IPieceSink
{
    public static bool WantsSources => false;

    public void BeginStretch(int rawStart, List<SourceRange>? sources)
    {
        // Ids need no positions.
    }

    public void Added(AddedToken token, int start, int end, bool inStretch) => workspace.Add(token.Id);

    public void Piece(ReadOnlySpan<char> stretch, int start, int end) => workspace.AddPiece(stretch, start, end);
}

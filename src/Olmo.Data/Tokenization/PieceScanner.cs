namespace Olmo.Data.Tokenization;

/// <summary>Cuts text into pieces, one after the other; every character belongs to a piece. Stateless, hence safe for all threads.</summary>
internal abstract class PieceScanner
{
    /// <summary>End of the piece that begins at <paramref name="start"/> (below the length): always at least one character further.</summary>
    public abstract int Next(ReadOnlySpan<char> text, int start);

    /// <summary>
    /// <c>\s+(?!\S)|\s+</c> at a white space: the whole run at the end of the text, else the run without its last character,
    /// or that one character.
    /// </summary>
    protected static int EndOfSpaceRun(ReadOnlySpan<char> text, int start, int runEnd) =>
        runEnd == text.Length || runEnd == start + 1 ? runEnd : runEnd - 1;
}

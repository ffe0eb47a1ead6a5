namespace Olmo.Data.Tokenization;

/// <summary>No splitting: a text is one piece.</summary>
internal sealed class WholeTextScanner : PieceScanner
{
    public override int Next(ReadOnlySpan<char> text, int start) => text.Length;
}

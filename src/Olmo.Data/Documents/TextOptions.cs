namespace Olmo.Data.Documents;

/// <summary>How text files become documents.</summary>
/// <param name="Split">Where to cut.</param>
/// <param name="BlockCharacters">With <see cref="TextSplit.Blocks"/>: a document ends at the first blank line after this many characters, or at a line end after four times as many.</param>
public sealed record TextOptions(TextSplit Split = TextSplit.File, int BlockCharacters = 8192);

namespace Olmo.Data.Tokenization;

/// <summary>A token that is cut out of the text before the split pattern runs.</summary>
/// <param name="Id">Vocabulary id.</param>
/// <param name="Content">The text that is looked for; never empty.</param>
/// <param name="SingleWord">Only where no word character stands directly before or after.</param>
/// <param name="LeftStrip">Takes the white space before it.</param>
/// <param name="RightStrip">Takes the white space behind it.</param>
/// <param name="Normalized">Looked for in the normalised text, else in the raw text.</param>
/// <param name="Special">Left out by decoding without special tokens, and text under <see cref="EncodeOptions.SpecialTokensAsText"/>.</param>
public sealed record AddedToken(
    int Id,
    string Content,
    bool SingleWord = false,
    bool LeftStrip = false,
    bool RightStrip = false,
    bool Normalized = false,
    bool Special = false);

namespace Olmo.Data.Tokenization;

/// <summary>How text becomes ids.</summary>
/// <param name="SpecialTokensAsText">
/// Added tokens that are marked special and stand in the text are encoded as ordinary text, so that documents cannot forge an end of text.
/// </param>
public readonly record struct EncodeOptions(bool SpecialTokensAsText = false);

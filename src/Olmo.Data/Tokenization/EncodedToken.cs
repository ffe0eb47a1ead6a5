namespace Olmo.Data.Tokenization;

/// <summary>A token of a text and where it came from.</summary>
/// <param name="Id">Vocabulary id.</param>
/// <param name="Text">The vocabulary's own spelling (byte alphabet: <c>Ġ</c> is a space).</param>
/// <param name="Start">First code point of the original text that the token stands for.</param>
/// <param name="End">One past the last code point. Several tokens of one character share its range.</param>
public readonly record struct EncodedToken(int Id, string Text, int Start, int End);

namespace Olmo.Data.Tokenization;

/// <summary>UTF-16 units [Start, End) of the raw text that one unit of the normalised text comes from.</summary>
internal readonly record struct SourceRange(int Start, int End);

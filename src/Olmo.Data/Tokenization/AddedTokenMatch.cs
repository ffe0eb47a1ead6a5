namespace Olmo.Data.Tokenization;

/// <summary>An added token found at UTF-16 units [Start, End), stripped white space included.</summary>
internal readonly record struct AddedTokenMatch(AddedToken Token, int Start, int End);

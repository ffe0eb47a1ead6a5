namespace Olmo.Data.Tokenization;

/// <summary>Ids <paramref name="Left"/> and <paramref name="Right"/>, side by side, become <paramref name="Result"/>.</summary>
internal readonly record struct Merge(int Left, int Right, int Result);

namespace Olmo.Data.Tokenization;

/// <summary>How text is cut into pieces; merges never cross a piece.</summary>
public enum SplitPattern
{
    /// <summary>GPT-2: contractions in lower case, an optional blank before letters, digits or punctuation.</summary>
    Gpt2 = 1,

    /// <summary>cl100k (OLMo 2): contractions in any case, at most three digits, punctuation takes the line ends behind it.</summary>
    Cl100k = 2,
}

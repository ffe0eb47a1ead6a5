namespace Olmo.Data.Tokenization;

/// <summary>What a new tokenizer shall be. The same options and documents always give the same tokenizer, byte for byte.</summary>
public sealed record BpeTrainerOptions
{
    /// <summary>Most ids: special tokens, alphabet and merges together. The alphabet and the special tokens are never cut.</summary>
    public required int VocabularySize { get; init; }

    public SplitPattern Pattern { get; init; } = SplitPattern.Cl100k;

    /// <summary>A pair that is seen less often is not merged; at least 1 counts.</summary>
    public long MinFrequency { get; init; } = 2;

    /// <summary>
    /// Get the first ids, in this order, and are cut out when encoding. They are not cut out of the training text.
    /// </summary>
    public IReadOnlyList<string> SpecialTokens { get; init; } = ["<|endoftext|>", "<|pad|>"];

    /// <summary>All 256 bytes are in the vocabulary, so that any text can be encoded; else only bytes that occur.</summary>
    public bool InitialByteAlphabet { get; init; } = true;

    /// <summary>
    /// As in the reference: a pair beside a merged token counts only if the joined token is <em>shorter</em> than this, in bytes.
    /// </summary>
    public int? MaxTokenLength { get; init; }

    /// <summary>Documents are taken until they hold this many bytes of UTF-8; the one that reaches it is taken whole.</summary>
    public long? MaxTrainingBytes { get; init; }
}

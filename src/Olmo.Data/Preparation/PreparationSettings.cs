using Olmo.Data.Documents;
using Olmo.Data.TokenFiles;
using Olmo.Data.Tokenization;

namespace Olmo.Data.Preparation;

/// <summary>What turns text into token files. Everything but <see cref="Threads"/> decides their bytes.</summary>
public sealed record PreparationSettings
{
    /// <summary>The text.</summary>
    public required DocumentSource Source { get; init; }

    /// <summary>An existing <c>tokenizer.json</c>, or its folder. Null: one is trained on the documents that are not held out.</summary>
    public string? TokenizerPath { get; init; }

    /// <summary>For a new tokenizer; needed where <see cref="TokenizerPath"/> is null.</summary>
    public BpeTrainerOptions? NewTokenizer { get; init; }

    /// <summary>Share of the text that is kept from training, 0 up to, not including, 1.</summary>
    public double HeldOutFraction { get; init; } = 0.04;

    /// <summary>How ids are stored; null for the smallest type that holds the vocabulary.</summary>
    public TokenType? TokenType { get; init; }

    /// <summary>The spelling of a special token inside a text is encoded as text. False, as in OLMo's toolkit, makes it the special token.</summary>
    public bool SpecialTokensAsText { get; init; }

    /// <summary>A token file is closed before it would exceed this many tokens; the work between two closed files is what a kill can cost.</summary>
    public long SegmentTokens { get; init; } = 1L << 30;

    /// <summary>Threads that encode; 0 for one per processor. Does not change a byte.</summary>
    public int Threads { get; init; }

    /// <summary>Check the digests of files that were prepared earlier, not only their sizes.</summary>
    public bool VerifyContents { get; init; } = true;
}

using System.Text.Json;

namespace Olmo.Data.Tokenization;

/// <summary>What a <c>tokenizer.json</c> says, checked. The sections that are only passed on are kept as they were.</summary>
internal sealed class TokenizerDefinition
{
    /// <summary>Spelling of each id of the model, null where the vocabulary has a gap.</summary>
    public required string?[] Vocabulary { get; init; }

    public required Merge[] Merges { get; init; }

    public required AddedToken[] AddedTokens { get; init; }

    /// <summary>Text is brought into NFC before the split.</summary>
    public required bool NormalizesToNfc { get; init; }

    public required PieceScanner Scanner { get; init; }

    /// <summary>Offsets leave out the white space at both ends of a token.</summary>
    public required bool TrimsOffsets { get; init; }

    /// <summary>A piece that is a vocabulary entry becomes that id, whatever the merges give.</summary>
    public required bool IgnoresMerges { get; init; }

    /// <summary>null: the file says null or nothing.</summary>
    public required TokenizerSections Sections { get; init; }
}

/// <summary>Sections of the file that are written back unchanged.</summary>
internal sealed record TokenizerSections(
    JsonElement? Truncation,
    JsonElement? Padding,
    JsonElement? Normalizer,
    JsonElement? PreTokenizer,
    JsonElement? PostProcessor,
    JsonElement? Decoder);

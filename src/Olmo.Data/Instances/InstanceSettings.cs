namespace Olmo.Data.Instances;

/// <summary>How token files are cut into instances of a fixed length.</summary>
/// <param name="SequenceLength">T, ids per instance.</param>
/// <param name="VocabularySize">Ids must be below it: an id out of range is an error that names file and position.</param>
/// <param name="EosId">End of document, for document masking.</param>
/// <param name="Filter">Masks instances with repeated n-grams; null for none.</param>
/// <param name="MaxTargetSequenceLength">
/// M, a multiple of T: each file is first cut to a multiple of M, and M/T adjacent instances stay together in the order. Null for T.
/// </param>
/// <param name="BosId">Start of document, if the tokenizer has one.</param>
public sealed record InstanceSettings(
    int SequenceLength,
    int VocabularySize,
    int EosId,
    RepetitionFilter? Filter = null,
    int? MaxTargetSequenceLength = null,
    int? BosId = null)
{
    /// <summary>Adjacent instances that stay together.</summary>
    public int ChunkInstances => (MaxTargetSequenceLength ?? SequenceLength) / SequenceLength;
}

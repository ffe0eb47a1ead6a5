namespace Olmo.Data.Tokenization;

/// <summary>Where training stands.</summary>
/// <param name="Phase">What is being done.</param>
/// <param name="Documents">Documents read.</param>
/// <param name="Bytes">UTF-8 bytes read.</param>
/// <param name="DistinctPieces">Different pieces seen.</param>
/// <param name="VocabularySize">Ids so far.</param>
/// <param name="VocabularySizeMax">Ids asked for.</param>
public sealed record BpeTrainingProgress(
    BpeTrainingPhase Phase,
    long Documents,
    long Bytes,
    long DistinctPieces,
    int VocabularySize,
    int VocabularySizeMax);

using Olmo.Data.Documents;

namespace Olmo.Data.Preparation;

/// <summary>
/// Text -> tokenizer -> token files, in stages that are whole or absent. A kill at any moment and a second run give the same bytes; changed inputs or settings
/// are built in a folder of their own, and what was prepared before stays.
/// </summary>
public static class DataPreparation
{
    /// <summary>Prepares what is missing. One process at a time may work in a folder.</summary>
    /// <param name="settings">Source, tokenizer, split.</param>
    /// <param name="folder">Where the stages' folders are made.</param>
    /// <param name="progress">Told about once per batch of documents.</param>
    /// <param name="cancellation">Leaves complete segments, and nothing half-written that a later run would take for complete.</param>
    /// <exception cref="DataException">Source, tokenizer or settings are wrong, or nothing is left to train on.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="IOException">The folder cannot be written, e.g. the disk is full.</exception>
    public static PreparedData Run(PreparationSettings settings, string folder, IProgress<PreparationProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        Directory.CreateDirectory(folder);
        HeldOutRule heldOut = settings.Source.HoldOut(settings.HeldOutFraction);
        string inputs = InputFingerprint.Compute(settings.Source, folder, progress, cancellation);
        (string tokenizerFolder, StageManifest tokenizer) = TokenizerStage.Run(settings, folder, heldOut, inputs, progress, cancellation);
        (string tokens, bool reused) = TokenStage.Run(settings, folder, heldOut, inputs, tokenizerFolder, tokenizer, progress, cancellation);
        PreparedData prepared = PreparedData.Open(tokens) with { TokenizerFolder = tokenizerFolder, Reused = reused };
        progress?.Report(new PreparationProgress(
            PreparationStage.Done,
            $"data ready: {prepared.Train.Tokens} tokens to train on, {prepared.HeldOut.Tokens} held out",
            1,
            prepared.Train.Documents + prepared.HeldOut.Documents,
            prepared.Train.Tokens + prepared.HeldOut.Tokens));
        return prepared;
    }
}

using Olmo.Data.Instances;
using Olmo.Data.TokenFiles;

namespace Olmo.Data.Preparation;

/// <summary>Finished token files with their tokenizer.</summary>
/// <param name="Folder">The folder of the token files; <see cref="Open"/> takes it.</param>
/// <param name="Key">Hash of everything that decided them.</param>
/// <param name="TokenType">How ids are stored.</param>
/// <param name="VocabularySize">Rows that an embedding table needs at least.</param>
/// <param name="EosId">End of document.</param>
/// <param name="BosId">Start of document, if the tokenizer has one.</param>
/// <param name="Train">What is trained on.</param>
/// <param name="HeldOut">What is only evaluated on; without files where nothing is held out.</param>
public sealed record PreparedData(
    string Folder,
    string Key,
    TokenType TokenType,
    int VocabularySize,
    int EosId,
    int? BosId,
    PreparedSplit Train,
    PreparedSplit HeldOut)
{
    /// <summary>Folder with <c>tokenizer.json</c>; null if the data were opened by <see cref="Open"/>.</summary>
    public string? TokenizerFolder { get; init; }

    /// <summary>True if the token files had been made earlier.</summary>
    public bool Reused { get; init; }

    /// <summary>Opens the folder of finished token files, as another process does that was told <see cref="Folder"/>.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="verifyContents">Compare the files' digests with the manifest.</param>
    /// <exception cref="DataException">The manifest or a file is missing or differs.</exception>
    public static PreparedData Open(string folder, bool verifyContents = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        StageManifest manifest = StageFolder.Read(folder);
        if (manifest.Stage != "tokens" || manifest.TokenType is null)
        {
            throw new DataException($"{folder}: holds the stage \"{manifest.Stage}\", not token files.");
        }

        StageFolder.Verify(folder, manifest, verifyContents);
        TokenType type = TokenTypes.Parse(manifest.TokenType);
        return new PreparedData(
            folder,
            manifest.Key,
            type,
            manifest.VocabularySize,
            manifest.EosId,
            manifest.BosId,
            Split(folder, type, manifest.Segments.Select(s => s.Train)),
            Split(folder, type, manifest.Segments.Select(s => s.HeldOut)));
    }

    /// <summary>The instances to train on.</summary>
    public InstanceDataSet OpenTrain(int sequenceLength, RepetitionFilter? filter = null, int? maxTargetSequenceLength = null) =>
        InstanceDataSet.Open(Train.Files, new InstanceSettings(sequenceLength, VocabularySize, EosId, filter, maxTargetSequenceLength, BosId));

    /// <summary>The held-out instances.</summary>
    public InstanceDataSet OpenHeldOut(int sequenceLength) =>
        InstanceDataSet.Open(HeldOut.Files, new InstanceSettings(sequenceLength, VocabularySize, EosId, BosId: BosId));

    private static PreparedSplit Split(string folder, TokenType type, IEnumerable<TokenFileSummary?> files)
    {
        TokenFileSummary[] present = [.. files.Where(f => f is not null).Select(f => f!)];
        return new PreparedSplit(
            [.. present.Select(f => new TokenFileEntry(Path.Combine(folder, f.Name), type, f.Sha256))],
            present.Sum(f => f.LengthTokens),
            present.Sum(f => f.Documents),
            present.Sum(f => f.TextBytes));
    }
}

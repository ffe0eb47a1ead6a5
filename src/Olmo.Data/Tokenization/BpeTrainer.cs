using System.Text;
using System.Text.Json;

namespace Olmo.Data.Tokenization;

/// <summary>
/// Trains a byte-level BPE tokenizer with the rules of the reference (Hugging Face <c>BpeTrainer</c>): same ids, same merges. Documents are
/// streamed; memory grows with the different pieces in them.
/// </summary>
public sealed class BpeTrainer
{
    private const long BytesPerReport = 4 << 20;
    private const int MergesPerReport = 64;

    private readonly BpeTrainerOptions _options;
    private readonly PieceScanner _scanner;

    /// <exception cref="ArgumentException">An option is out of its range; the message names it.</exception>
    public BpeTrainer(BpeTrainerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Require(options.VocabularySize > 0, nameof(options.VocabularySize), options.VocabularySize, "at least 1");
        Require(options.MinFrequency >= 0, nameof(options.MinFrequency), options.MinFrequency, "at least 0");
        Require(options.MaxTokenLength is null or > 0, nameof(options.MaxTokenLength), options.MaxTokenLength, "at least 1");
        Require(options.MaxTrainingBytes is null or > 0, nameof(options.MaxTrainingBytes), options.MaxTrainingBytes, "at least 1");
        Require(!options.SpecialTokens.Any(string.IsNullOrEmpty), nameof(options.SpecialTokens), "\"\"", "not empty");
        Require(
            options.SpecialTokens.Distinct(StringComparer.Ordinal).Count() == options.SpecialTokens.Count,
            nameof(options.SpecialTokens),
            string.Join(' ', options.SpecialTokens),
            "different from each other");
        _options = options;
        _scanner = options.Pattern switch
        {
            SplitPattern.Gpt2 => new Gpt2Scanner(),
            SplitPattern.Cl100k => new Cl100kScanner(3),
            _ => throw new ArgumentException($"{nameof(options.Pattern)} is {options.Pattern}: must be Gpt2 or Cl100k.", nameof(options)),
        };
    }

    /// <param name="documents">Read once, one at a time; a piece never crosses two documents.</param>
    /// <param name="progress">Told now and then, on the calling thread or as the implementation does.</param>
    /// <param name="cancellation">Checked for each document and each merge.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public Tokenizer Train(
        IEnumerable<string> documents,
        IProgress<BpeTrainingProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(documents);
        PieceCounter counter = new();
        (long documentCount, long bytes) = Count(documents, counter, progress, cancellation);

        List<string> tokens = [.. _options.SpecialTokens];
        TrainingPieces pieces = TrainingPieces.Spell(counter, tokens, byteLevel: true, _options.InitialByteAlphabet);
        MergeLearner learner = new(pieces, tokens, _options.MaxTokenLength);
        int reported = tokens.Count;
        learner.Learn(_options.VocabularySize, _options.MinFrequency, OnMerge, cancellation);
        Report(BpeTrainingPhase.Done, tokens.Count);
        return new Tokenizer(Define(tokens, learner.Merges), TokenizerConfig.None);

        void OnMerge(int vocabularySize)
        {
            if (vocabularySize - reported >= MergesPerReport)
            {
                reported = vocabularySize;
                Report(BpeTrainingPhase.Merging, vocabularySize);
            }
        }

        void Report(BpeTrainingPhase phase, int vocabularySize) =>
            progress?.Report(new BpeTrainingProgress(phase, documentCount, bytes, counter.Count, vocabularySize, _options.VocabularySize));
    }

    private static void Require(bool condition, string option, object? value, string range)
    {
        if (!condition)
        {
            throw new ArgumentException($"{option} is {value}: must be {range}.", option);
        }
    }

    private (long Documents, long Bytes) Count(
        IEnumerable<string> documents, PieceCounter counter, IProgress<BpeTrainingProgress>? progress, CancellationToken cancellation)
    {
        long count = 0;
        long bytes = 0;
        long reported = 0;
        foreach (string document in documents)
        {
            cancellation.ThrowIfCancellationRequested();
            for (int start = 0, end; start < document.Length; start = end)
            {
                end = _scanner.Next(document, start);
                counter.Add(document.AsSpan(start, end - start));
            }

            count++;
            bytes += Encoding.UTF8.GetByteCount(document);
            if (bytes - reported >= BytesPerReport)
            {
                reported = bytes;
                progress?.Report(new BpeTrainingProgress(BpeTrainingPhase.Counting, count, bytes, counter.Count, 0, _options.VocabularySize));
            }

            if (bytes >= _options.MaxTrainingBytes)
            {
                break;
            }
        }

        return (count, bytes);
    }

    private TokenizerDefinition Define(List<string> tokens, List<Merge> merges)
    {
        const string UsesRegex = """{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}""";
        string preTokenizer = _options.Pattern == SplitPattern.Gpt2
            ? UsesRegex
            : $$"""
                {"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":{{JsonSerializer.Serialize(PreTokenizerReader.Cl100kPattern)}}},"behavior":"Removed","invert":true},
                {"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}]}
                """;
        const string Decoder = """{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true}""";
        return new TokenizerDefinition
        {
            Vocabulary = [.. tokens],
            Merges = [.. merges],
            AddedTokens = [.. _options.SpecialTokens.Select((t, id) => new AddedToken(id, t, Special: true))],
            NormalizesToNfc = false,
            Scanner = _scanner,
            TrimsOffsets = false,
            IgnoresMerges = false,
            Sections = new TokenizerSections(null, null, null, Section(preTokenizer), null, Section(Decoder)),
        };
    }

    private static JsonElement Section(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}

using System.Globalization;

using Olmo.Data.Documents;
using Olmo.Data.Files;
using Olmo.Data.Tokenization;

namespace Olmo.Data.Preparation;

/// <summary>Puts a tokenizer into a folder of its own: trained on the documents that are not held out, or copied.</summary>
internal static class TokenizerStage
{
    public const string TokenizerName = "tokenizer.json";
    private const string ConfigName = "tokenizer_config.json";

    public static (string Folder, StageManifest Manifest) Run(
        PreparationSettings settings, string root, HeldOutRule heldOut, string inputs, IProgress<PreparationProgress>? progress, CancellationToken cancellation)
    {
        StageFolder folder = new(root, "tokenizer", ParametersOf(settings, heldOut, inputs));
        void Report(string message) => progress?.Report(new PreparationProgress(PreparationStage.Tokenizer, message));
        if (folder.TryReuse(settings.VerifyContents, Report) is { } existing)
        {
            return (folder.Final, existing);
        }

        if (Directory.Exists(folder.Partial))
        {
            Directory.Delete(folder.Partial, recursive: true);
        }

        Directory.CreateDirectory(folder.Partial);
        SortedDictionary<string, string> files = new(StringComparer.Ordinal);
        void Write(string name, byte[] bytes)
        {
            string path = Path.Combine(folder.Partial, name);
            DurableFile.WriteAllBytes(path, bytes);
            files.Add(name, InputFingerprint.Sha256Of(path));
        }

        if (settings.TokenizerPath is null)
        {
            Write(TokenizerName, Train(settings, heldOut, progress, cancellation).ToJson());
        }
        else
        {
            string json = JsonOf(settings.TokenizerPath);
            Write(TokenizerName, ReadAll(json));
            string config = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(json))!, ConfigName);
            if (File.Exists(config))
            {
                Write(ConfigName, ReadAll(config));
            }
        }

        Tokenizer tokenizer = Tokenizer.Load(folder.Partial);
        StageManifest manifest = new()
        {
            Stage = "tokenizer",
            Key = folder.Key,
            Parameters = folder.Parameters,
            Files = files,
            VocabularySize = tokenizer.VocabularySize,
            EosId = tokenizer.EosId ?? throw new DataException($"The tokenizer {settings.TokenizerPath ?? "trained here"} has no end-of-text token: documents cannot be joined. Give it <|endoftext|> or name eos_token in {ConfigName}."),
            BosId = tokenizer.BosId,
        };
        folder.Commit(manifest);
        return (folder.Final, manifest);
    }

    private static SortedDictionary<string, string> ParametersOf(PreparationSettings settings, HeldOutRule heldOut, string inputs)
    {
        SortedDictionary<string, string> parameters = new(StringComparer.Ordinal);
        if (settings.TokenizerPath is not null)
        {
            string json = JsonOf(settings.TokenizerPath);
            string config = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(json))!, ConfigName);
            parameters["tokenizer"] = Sha256Of(json);
            parameters["tokenizer config"] = File.Exists(config) ? Sha256Of(config) : "none";
            return parameters;
        }

        BpeTrainerOptions options = settings.NewTokenizer
            ?? throw new DataException("Neither an existing tokenizer (key data.tokenizer.path) nor the size of a new one (key data.tokenizer.vocabulary-size) is given.");
        parameters["trainer"] = "bpe 1";
        parameters["source"] = settings.Source.Description;
        parameters["inputs"] = inputs;
        parameters["held out"] = heldOut.Description;
        parameters["vocabulary size"] = options.VocabularySize.ToString(CultureInfo.InvariantCulture);
        parameters["pattern"] = options.Pattern.ToString();
        parameters["minimum frequency"] = options.MinFrequency.ToString(CultureInfo.InvariantCulture);
        parameters["special tokens"] = string.Join('\n', options.SpecialTokens);
        parameters["initial byte alphabet"] = options.InitialByteAlphabet ? "true" : "false";
        parameters["maximum token length"] = options.MaxTokenLength?.ToString(CultureInfo.InvariantCulture) ?? "none";
        parameters["maximum training bytes"] = options.MaxTrainingBytes?.ToString(CultureInfo.InvariantCulture) ?? "none";
        return parameters;
    }

    private static Tokenizer Train(PreparationSettings settings, HeldOutRule heldOut, IProgress<PreparationProgress>? progress, CancellationToken cancellation)
    {
        BpeTrainerOptions options = settings.NewTokenizer!;
        IEnumerable<string> texts = settings.Source.Read(cancellation).Where(d => !heldOut.IsHeldOut(d)).Select(d => d.Text);
        return new BpeTrainer(options).Train(texts, progress is null ? null : new Relay(progress), cancellation);
    }

    private static string JsonOf(string path)
    {
        string json = Directory.Exists(path) ? Path.Combine(path, TokenizerName) : path;
        return File.Exists(json) ? json : throw new DataException($"{json}: there is no such tokenizer file (key data.tokenizer.path)");
    }

    private static byte[] ReadAll(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path}: cannot be read: {e.Message}", e);
        }
    }

    private static string Sha256Of(string path)
    {
        try
        {
            return InputFingerprint.Sha256Of(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path}: cannot be read: {e.Message}", e);
        }
    }

    private sealed class Relay(IProgress<PreparationProgress> progress) : IProgress<BpeTrainingProgress>
    {
        public void Report(BpeTrainingProgress value) => progress.Report(new PreparationProgress(
            PreparationStage.Tokenizer,
            value.Phase == BpeTrainingPhase.Counting ? $"tokenizer: {value.Bytes >> 20} MiB of text counted" : $"tokenizer: {value.VocabularySize} of {value.VocabularySizeMax} tokens",
            value.Phase == BpeTrainingPhase.Counting ? null : (double)value.VocabularySize / value.VocabularySizeMax,
            value.Documents));
    }
}

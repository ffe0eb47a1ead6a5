using System.CommandLine;
using System.Globalization;
using Olmo.Data.Tokenization;

namespace Olmo.Host.Commands;

/// <summary><c>olmo tokenizer train INPUT... --vocab-size N -o FILE</c>.</summary>
internal static class TokenizerTrainCommand
{
    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Argument<string[]> inputs = new("input")
        {
            Description = "Text files, JSON Lines with a text field (.jsonl, .ndjson; also .gz, .zst), or folders: their JSON Lines, or without any their text files.",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<string> output = new("--output", "-o") { Description = "The tokenizer.json to write.", Required = true };
        Option<int> size = new("--vocab-size") { Description = "Most ids, special tokens and 256 bytes included.", DefaultValueFactory = _ => 8192 };
        Option<string> pattern = new("--pattern") { Description = "How text is cut into pieces.", DefaultValueFactory = _ => "cl100k" };
        pattern.AcceptOnlyFromAmong("cl100k", "gpt2");
        Option<long> minFrequency = new("--min-frequency") { Description = "Pairs seen less often are not merged.", DefaultValueFactory = _ => 2 };
        Option<string[]> special = new("--special")
        {
            Description = "A special token; repeat it for more.",
            DefaultValueFactory = _ => ["<|endoftext|>", "<|pad|>"],
        };
        Option<int?> maxTokenLength = new("--max-token-length") { Description = "Merged tokens stay shorter than this, in bytes." };
        Option<long?> maxBytes = new("--max-bytes") { Description = "Takes documents until they hold this many bytes." };
        Option<string> field = new("--text-field") { Description = "Where a JSON line has its text.", DefaultValueFactory = _ => "text" };
        Command command = new("train", "Trains a byte-level BPE tokenizer; the same input always gives the same file.")
        {
            inputs, output, size, pattern, minFrequency, special, maxTokenLength, maxBytes, field,
        };

        command.SetAction((result, cancellation) =>
        {
            InputMistakes.AsUsage(() => Train(result, cancellation));
            return Task.FromResult(ExitCodes.Done);
        });
        return command;

        void Train(ParseResult r, CancellationToken cancellation)
        {
            BpeTrainerOptions options = new()
            {
                VocabularySize = r.GetValue(size),
                Pattern = r.GetValue(pattern) == "gpt2" ? SplitPattern.Gpt2 : SplitPattern.Cl100k,
                MinFrequency = r.GetValue(minFrequency),
                SpecialTokens = r.GetValue(special)!,
                MaxTokenLength = r.GetValue(maxTokenLength),
                MaxTrainingBytes = r.GetValue(maxBytes),
            };
            TextWriter error = r.InvocationConfiguration.Error;
            IEnumerable<string> documents = TrainingTexts.Read(r.GetValue(inputs)!, r.GetValue(field)!, cancellation);
            Tokenizer tokenizer = new BpeTrainer(options).Train(documents, new ProgressLines(error), cancellation);
            tokenizer.Save(r.GetValue(output)!);
            r.InvocationConfiguration.Output.WriteLine($"{r.GetValue(output)}: {tokenizer.VocabularySize} ids");
        }
    }

    /// <summary>A line every so many bytes and merges.</summary>
    private sealed class ProgressLines(TextWriter output) : IProgress<BpeTrainingProgress>
    {
        private const long BytesPerLine = 64_000_000;
        private const int IdsPerLine = 4096;

        private long _line = -1;

        public void Report(BpeTrainingProgress value)
        {
            long line = value.Phase == BpeTrainingPhase.Counting ? value.Bytes / BytesPerLine : value.VocabularySize / IdsPerLine;
            if (line == _line && value.Phase != BpeTrainingPhase.Done)
            {
                return;
            }

            _line = line;
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{value.Phase}: {value.Documents} documents, {value.Bytes / 1e6:F1} MB, {value.DistinctPieces} different pieces, {value.VocabularySize} of {value.VocabularySizeMax} ids"));
        }
    }
}

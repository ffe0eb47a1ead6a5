using Olmo.Actors.Runs;
using Olmo.Data;
using Olmo.Data.Documents;
using Olmo.Data.Preparation;
using Olmo.Data.Tokenization;
using Olmo.Host.Recipes;

namespace Olmo.Host.Runs;

/// <summary>Text, tokenizer, token files: what a run needs before its first step. Resumable at any moment.</summary>
internal sealed class DataStage(Recipe recipe, RunFolder folder, IPhaseProbe probe, ProgressLine line)
{
    private const int BlockCharacters = 4096;
    private string _said = "";

    /// <summary>Prepares what is missing.</summary>
    /// <exception cref="DataException">Source, tokenizer or settings are wrong.</exception>
    public PreparedData Run(CancellationToken cancellationToken)
    {
        DocumentSourceKind kind = recipe.Data.Source switch
        {
            "dotnet-documentation" => DocumentSourceKind.DotnetDocumentation,
            "text" => DocumentSourceKind.Text,
            _ => DocumentSourceKind.Jsonl,
        };
        string? path = recipe.Data.Path.Length == 0 ? null : recipe.Data.Path;
        PreparationSettings settings = new()
        {
            Source = DocumentSources.Open(kind, path, new TextOptions(TextSplit.Blocks, BlockCharacters)),
            TokenizerPath = recipe.Tokenizer.Path.Length == 0 ? null : recipe.Tokenizer.Path,
            NewTokenizer = recipe.Tokenizer.Path.Length > 0 ? null : new BpeTrainerOptions
            {
                VocabularySize = recipe.Tokenizer.Vocabulary,
                Pattern = recipe.Tokenizer.Pattern == "gpt2" ? SplitPattern.Gpt2 : SplitPattern.Cl100k,
                MaxTrainingBytes = recipe.Tokenizer.MaxBytes == 0 ? null : recipe.Tokenizer.MaxBytes,
            },
            HeldOutFraction = recipe.Data.HeldOut,
            Threads = recipe.Compute.Threads,
        };
        return DataPreparation.Run(settings, folder.Data, new Reporter(Report), cancellationToken);
    }

    private void Report(PreparationProgress progress)
    {
        switch (progress.Stage)
        {
            case PreparationStage.Tokenizer:
                probe.Reached(Phases.Tokenizer, 0);
                break;
            case PreparationStage.Tokens:
                probe.Reached(Phases.Data, 0);
                break;
            default:
                break;
        }

        string text = progress.Stage is PreparationStage.Done ? progress.Message : $"{progress.Stage.ToString().ToLowerInvariant()}: {progress.Message}";
        if (progress.Stage is PreparationStage.Done || progress.Stage.ToString() != _said)
        {
            _said = progress.Stage.ToString();
            line.Say(text);
        }
    }

    // Called on the thread that prepares, so that a moment can be held there.
    private sealed class Reporter(Action<PreparationProgress> report) : IProgress<PreparationProgress>
    {
        public void Report(PreparationProgress value) => report(value);
    }
}

using Olmo.Actors.Checkpoints;
using Olmo.Actors.Drills;
using Olmo.Actors.Runs;
using Olmo.Host.Nodes;

namespace Olmo.Host.Recipes;

/// <summary>A recipe, read once and checked as a whole. Defaults live only in <c>hocon/reference.conf</c>.</summary>
internal sealed record Recipe(
    RunKeys Run, DataKeys Data, TokenizerKeys Tokenizer, ModelKeys Model, BatchKeys Batch, LossKeys Loss, OptimizerKeys Optimizer, ScheduleKeys Schedule,
    int Shards, ComputeKeys Compute, CheckpointPolicy Checkpoints, SupervisionKeys Supervision, JournalKeys Journal, long EvaluationMaxTokens, SampleKeys Sample,
    int LogInterval, WorldKeys World, DrillSettings Drill, IReadOnlyDictionary<string, string> NumericSettings, string Resolved)
{
    /// <summary>How long the journal may be away before the run stops.</summary>
    public TimeSpan JournalOutage => Drill.Guards.JournalOutage ? Supervision.JournalOutage : TimeSpan.Zero;
}

internal sealed record RunKeys(string Name, string Folder, long Seed, long Steps, int Epochs);

internal sealed record DataKeys(
    string Source, string Path, double HeldOut, string Order, bool FiltersRepetitions, bool MasksDocuments, int Prefetch);

internal sealed record TokenizerKeys(string Path, int Vocabulary, string Pattern, long MaxBytes);

internal sealed record ModelKeys(
    string Family, int Width, int Layers, int Heads, int KvHeads, int Ffn, int Vocabulary, double RopeTheta, double NormEpsilon, double ClipQkv, bool IsTied, double InitStd,
    string InitFrom);

internal sealed record BatchKeys(int SequenceLength, int Groups, int SequencesPerGroup);

internal sealed record LossKeys(
    double ZLoss, bool StopsOnNonFinite, int MaxSkips, long SkipRollbackSteps, double SpikeSigmas, int SpikeWindow, int MaxSpikes, long SpikeRollbackSteps, long RollbackWindow);

internal sealed record OptimizerKeys(
    double LearningRate, double Beta1, double Beta2, double Epsilon, double WeightDecay, IReadOnlyList<string> NoDecay, double Clip);

internal sealed record ScheduleKeys(string Kind, long WarmupSteps, long EndStep, double FinalRatio, long DecaySteps);

internal sealed record ComputeKeys(int Threads, string Simd, int MicroBatch, bool RecomputesBlocks, bool IsBFloat16, bool IsCuda);

internal sealed record SupervisionKeys(RunPolicy Policy, int MaxLoaderRestarts, TimeSpan JournalOutage);

internal sealed record JournalKeys(TimeSpan BusyTimeout, int SnapshotInterval);

internal sealed record SampleKeys(string Prompt, int Tokens, double Temperature, double TopP);

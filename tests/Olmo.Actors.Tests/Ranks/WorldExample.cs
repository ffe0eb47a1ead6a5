using Olmo.Actors.Checkpoints;
using Olmo.Actors.Ranks;
using Olmo.Model.Compute;
using Olmo.Model.Models;
using Olmo.Model.Numerics;
using Olmo.Model.Optimization;
using Olmo.Model.State;
using Olmo.Model.Steps;
using Olmo.Model.Tensors;
using Olmo.TestKit.ObjectStorage;

namespace Olmo.Actors.Tests.Ranks;

/// <summary>A tiny model whose sizes are multiples of nothing, its batches, and what a world of one makes of them.</summary>
internal static class WorldExample
{
    public const string Run = "worlds";
    public const int Groups = 12;
    public const int Shards = 64;
    private const int Length = 13;
    private const int Vocabulary = 1003;

    public static OlmoRankSettings Settings(int replicas, int microBatch = 1, int threads = 1, DecisionSettings? decision = null, Precision? precision = null) => new(
        Run,
        new OlmoConfig
        {
            Family = ModelFamily.Olmo2,
            Width = 72,
            Layers = 2,
            Heads = 3,
            KeyHeads = 3,
            HeadWidth = 24,
            FeedForward = 200,
            Vocabulary = Vocabulary,
            ContextLength = Length,
            InitialDeviation = 0.1,
            ZLossMultiplier = 1e-4,
        },
        new StepSettings
        {
            Groups = Groups,
            SequencesPerGroup = 2,
            SequenceLength = Length,
            MicroBatchSequences = microBatch,
            Shards = Shards,
            Replicas = replicas,
            Optimizer = new AdamWSettings(3e-3),
            Schedule = new CosineSchedule(2, 20),
            Precision = precision ?? Precision.Single,
            Decision = decision ?? new DecisionSettings(1.0, new SkipStepSettings(8)),
        },
        7,
        threads,
        SimdWidths.Best,
        "data",
        step => $"0:{step}",
        null,
        0,
        _ => "none");

    public static StepBatch Batch(long step)
    {
        StepBatch batch = new(Groups, 2, Length, hasDocuments: false) { Step = step };
        foreach (GroupBatch group in batch.Groups)
        {
            for (int i = 0; i < group.Ids.Length; i++)
            {
                group.Ids[i] = (int)(Philox.Block((uint)i, (uint)group.Group, (uint)step, 0, 21, 22).W0 % Vocabulary);
            }

            (group.Instances[0], group.Instances[1]) = ((1000 * step) + (2 * group.Group), (1000 * step) + (2 * group.Group) + 1);
            group.ShiftLabels();
            batch.LabelCount += group.CountLabels();
        }

        return batch;
    }

    /// <summary>Weights and the names of all shard files, which hold their SHA-256, after so many steps of the engine of a single process.</summary>
    public static (string Weights, string[] Shards) Quiet(int steps, Precision? precision = null)
    {
        using SingleProcessEngine engine = new(Settings(1, precision: precision), TimeProvider.System);
        MemoryObjectStore store = new(TimeProvider.System);
        engine.Form(new WorldIdentity(1, 0), null, store, CancellationToken.None);
        for (int step = 1; step <= steps; step++)
        {
            engine.RunStep(Batch(step), CancellationToken.None);
        }

        return (engine.Finish(CancellationToken.None).WeightsSha256, Names(engine.Stage()));
    }

    public static CheckpointManifest Manifest(long step, CheckpointFacts facts, IEnumerable<ShardEntry> shards) => new(
        Run, 0, step, facts.TokensSeen, facts.NumericsId, facts.LayoutHash, facts.DataFingerprint, facts.DataCursor, facts.RunState, 1, 1, [.. shards.OrderBy(s => s.Shard)]);

    public static string[] Names(IStagedState staged)
    {
        MemoryObjectStore store = new(TimeProvider.System);
        return [.. staged.Shards.Select(s => staged.Write(s, store, CancellationToken.None).Name)];
    }
}

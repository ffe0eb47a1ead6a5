using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Models;
using Olmo.Model.Numerics;
using Olmo.Model.Optimization;
using Olmo.Model.State;
using Olmo.Model.Steps;
using Olmo.Model.Tensors;
using Olmo.Model.Tests.Models;
using Olmo.Model.Tests.State;

namespace Olmo.Model.Tests.Steps;

/// <summary>A few steps of a tiny model through the rank's own step: two groups of three sequences, documents, weights, unequal numbers of labels.</summary>
internal sealed record TinyTraining(string Model)
{
    private const int Groups = 2;
    private const int Sequences = 3;
    private const int Length = 19;

    public ActivationRecomputation Recomputation { get; init; }

    public Precision Precision { get; init; } = Precision.Single;

    public int MicroBatch { get; init; } = Sequences;

    public int Threads { get; init; } = 1;

    public SimdWidth Width { get; init; } = SimdWidths.Best;

    public int Steps { get; init; } = 3;

    public double LearningRate { get; init; } = 1e-2;

    /// <summary>True: every step has the same batch, which the model learns by heart.</summary>
    public bool RepeatsBatch { get; init; }

    /// <summary>Runs the steps.</summary>
    public Result Run()
    {
        OlmoConfig config = TinyModels.Config(Model);
        StepSettings settings = new()
        {
            Groups = Groups,
            SequencesPerGroup = Sequences,
            SequenceLength = Length,
            MicroBatchSequences = MicroBatch,
            Recomputation = Recomputation,
            Shards = 4,
            Optimizer = new AdamWSettings(LearningRate),
            Schedule = new ConstantSchedule(),
            Precision = Precision,
        };
        using ComputePool pool = new(Threads);
        using CpuProvider provider = new(pool, Width);
        using ResidentWeights weights = TinyModels.Weights(provider, config, precision: _ => Precision);
        using PretrainProgram program = new(provider, weights, settings);
        using TrainingState state = TrainingState.OverWorkingParameters(program.Parameters, new RunProgress());
        using RankStep rank = RankStep.Alone(settings, program, state);
        List<double> losses = [];
        long allocated = long.MaxValue;
        for (int step = 1; step <= Steps; step++)
        {
            GroupBatch[] batch = Batch(config, RepeatsBatch ? 1 : step);
            long labels = batch.Sum(g => g.CountLabels());
            long before = GC.GetAllocatedBytesForCurrentThread();
            rank.Begin(new StepIdentity("tiny", 0, 1, step, 0), labels);
            for (int g = 0; g < batch.Length; g++)
            {
                rank.RunGroup(batch[g], CancellationToken.None);
            }

            StepReport report = rank.Finish(rank.Decide(rank.Announce()));
            allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
            losses.Add(report.CrossEntropy);
        }

        byte[] bits = [.. state.Layout.Tensors.SelectMany(t => Enumerable.Range(t.FirstChunk, t.Chunks))
            .SelectMany(c => Enumerable.Range(0, TrainingState.Planes).SelectMany(p => state.Values(p, c)))
            .SelectMany(BitConverter.GetBytes)];
        return new Result(bits, losses, program.ActivationBytes, allocated);
    }

    private static GroupBatch[] Batch(OlmoConfig config, int step)
    {
        GroupBatch[] batch = new GroupBatch[Groups];
        for (int g = 0; g < Groups; g++)
        {
            RandomStream random = new(17, $"step {step}, group {g}");
            GroupBatch group = new(Sequences, Length, hasWeights: true, hasDocuments: true) { Group = g };
            for (int i = 0; i < group.Tokens; i++)
            {
                int position = i % Length;
                group.Ids[i] = (int)random.Below((ulong)config.Vocabulary, (ulong)i);
                group.Weights![i] = (float)(0.5 + random.Uniform((ulong)(group.Tokens + i)));
                group.DocumentStarts![i] = position < 5 ? 0 : position < 12 ? 5 : 12;
            }

            group.ShiftLabels();
            for (int i = 0; i < group.Tokens; i += 3 + g)
            {
                group.Labels[i] = GroupBatch.IgnoredLabel;
            }

            batch[g] = group;
        }

        return batch;
    }

    /// <param name="State">Parameters and moments after the last step, bit by bit.</param>
    /// <param name="Losses">Mean cross-entropy of each step.</param>
    /// <param name="ActivationBytes">Bytes of activations.</param>
    /// <param name="AllocatedInAStep">Bytes that steps took on the managed heap, the fewest: with several threads the first waits of a thread allocate what the runtime keeps for it.</param>
    internal sealed record Result(byte[] State, List<double> Losses, long ActivationBytes, long AllocatedInAStep);
}

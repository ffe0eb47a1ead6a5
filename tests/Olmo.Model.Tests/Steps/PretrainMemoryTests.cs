using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Models;
using Olmo.Model.Optimization;
using Olmo.Model.Steps;

namespace Olmo.Model.Tests.Steps;

/// <summary>What is said of a program's memory is what it takes.</summary>
public sealed class PretrainMemoryTests
{
    [Theory]
    [InlineData(3, false, ActivationRecomputation.None)]
    [InlineData(1, false, ActivationRecomputation.None)]
    [InlineData(2, true, ActivationRecomputation.None)]
    [InlineData(3, false, ActivationRecomputation.Blocks)]
    [InlineData(2, true, ActivationRecomputation.Blocks)]
    public void MemoryOf_Sizes_IsWhatTheProgramTakes(int microBatch, bool tied, ActivationRecomputation recomputation)
    {
        OlmoConfig config = new()
        {
            Family = ModelFamily.Olmo2,
            Width = 72,
            Layers = 2,
            Heads = 3,
            KeyHeads = 3,
            HeadWidth = 24,
            FeedForward = 200,
            Vocabulary = 1003,
            ContextLength = 13,
            InitialDeviation = 0.1,
            TiedEmbeddings = tied,
        };
        StepSettings settings = new()
        {
            Groups = 4,
            SequencesPerGroup = 3,
            SequenceLength = 13,
            MicroBatchSequences = microBatch,
            Recomputation = recomputation,
            Shards = 4,
            Optimizer = new AdamWSettings(1e-3),
            Schedule = new ConstantSchedule(0),
        };
        ParameterList parameters = new(config);
        using ComputePool pool = new(1);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        using ResidentWeights weights = new(provider, parameters);
        using PretrainProgram program = new(provider, weights, settings);

        Assert.Equal((program.ActivationBytes, program.GradientBytes), PretrainProgram.MemoryOf(parameters, settings));
    }
}

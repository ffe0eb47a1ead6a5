using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Models;
using Olmo.Model.Optimization;
using Olmo.Model.Steps;
using Olmo.Model.Tensors;

namespace Olmo.Model.Tests.Steps;

/// <summary>What is said of a program's memory is what it takes.</summary>
public sealed class PretrainMemoryTests
{
    [Theory]
    [InlineData(3, false, ActivationRecomputation.None, false)]
    [InlineData(1, false, ActivationRecomputation.None, false)]
    [InlineData(2, true, ActivationRecomputation.None, false)]
    [InlineData(3, false, ActivationRecomputation.Blocks, false)]
    [InlineData(2, true, ActivationRecomputation.Blocks, false)]
    [InlineData(2, true, ActivationRecomputation.None, true)]
    [InlineData(3, false, ActivationRecomputation.Blocks, true)]
    public void MemoryOf_Sizes_IsWhatTheProgramTakes(int microBatch, bool tied, ActivationRecomputation recomputation, bool inBFloat16)
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
            Precision = inBFloat16 ? Precision.BFloat16 : Precision.Single,
            Shards = 4,
            Optimizer = new AdamWSettings(1e-3),
            Schedule = new ConstantSchedule(0),
        };
        ParameterList parameters = new(config, settings.PrecisionOf);
        using ComputePool pool = new(1);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        using ResidentWeights weights = new(provider, parameters);
        using PretrainProgram program = new(provider, weights, settings);

        Assert.Equal((program.ActivationBytes, program.GradientBytes, 0), PretrainProgram.MemoryOf(parameters, settings, CpuProvider.Traits));
    }
}

using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Models;
using Olmo.Model.Tensors;
using Olmo.Model.Tests.Kernels;
using Olmo.Model.Tests.Models;

namespace Olmo.Model.Tests.Steps;

/// <summary>Training whose passes see weights and keep activations in bf16: what may not change a bit, and that it learns as fp32 does.</summary>
public sealed class BFloat16TrainingTests
{
    public static TheoryData<string> Names => TinyModels.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void Steps_AnyThreadsWidthMicroBatchAndRecomputation_HaveTheSameBits(string name)
    {
        TinyTraining plain = new(name) { Precision = Precision.BFloat16 };
        TinyTraining.Result expected = plain.Run();
        Assert.Equal(0, expected.AllocatedInAStep);
        foreach (SimdWidth width in Enum.GetValues<SimdWidth>().Where(Hardware.Runs))
        {
            foreach ((int threads, int microBatch, ActivationRecomputation recomputation) in new[]
            {
                (2, 1, ActivationRecomputation.None), (3, 2, ActivationRecomputation.Blocks), (1, 3, ActivationRecomputation.Blocks),
            })
            {
                TinyTraining.Result other = (plain with { Width = width, Threads = threads, MicroBatch = microBatch, Recomputation = recomputation }).Run();
                Assert.Equal(expected.Losses, other.Losses);
                Assert.True(expected.State.AsSpan().SequenceEqual(other.State), $"{name}: other bits with {width}, {threads} threads, micro-batches of {microBatch}, {recomputation}");
                Assert.Equal(0, other.AllocatedInAStep);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Steps_OneBatchOverAndOver_LearnAsFp32Does(string name)
    {
        TinyTraining single = new(name) { Steps = 20, RepeatsBatch = true };
        List<double> expected = single.Run().Losses;
        TinyTraining.Result half = (single with { Precision = Precision.BFloat16 }).Run();
        Assert.True(half.Losses[^1] < 0.8 * half.Losses[0], $"{name}: from {half.Losses[0]} to {half.Losses[^1]}");
        Assert.NotEqual(expected, half.Losses);
        foreach ((double a, double b) in expected.Zip(half.Losses))
        {
            Assert.True(Math.Abs(a - b) <= 0.1 * a, $"{name}: {string.Join(", ", expected.Zip(half.Losses))}");
        }

        // The optimizer's weights stay fp32: an update below half a step of bf16 is not lost.
        Assert.Contains(Enumerable.Range(0, half.State.Length / sizeof(float)), i => (BitConverter.ToUInt32(half.State, i * sizeof(float)) & 0xFFFF) != 0);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void TrainingBytes_ManyBlocks_AreHalfAndTheWorkOfOneBlock(string name)
    {
        const int Sequences = 16;
        const int Length = 64;
        OlmoConfig Of(int layers) => TinyModels.Config(name) with { Layers = layers, Windows = [] };
        long Bytes(int layers, Precision precision, ActivationRecomputation recomputation) =>
            OlmoModel.TrainingBytes(new ParameterList(Of(layers), _ => precision), Sequences, Length, false, recomputation, CpuProvider.Traits).Activations;
        double Block(Precision precision, ActivationRecomputation recomputation) => (Bytes(33, precision, recomputation) - Bytes(1, precision, recomputation)) / 32.0;
        OlmoConfig c = Of(1);
        const int Rows = Sequences * Length;
        double statistics = Rows * (c.Heads + 6) * sizeof(float);
        double single = Block(Precision.Single, ActivationRecomputation.None);
        // OLMo 1 keeps the outputs of its sublayers nowhere but where they are computed.
        double notRead = c.IsReordered ? 0 : 2.0 * Rows * c.Width * sizeof(float);
        Assert.Equal(((single - statistics - notRead) / 2) + statistics, Block(Precision.BFloat16, ActivationRecomputation.None));
        Assert.Equal(Rows * c.Width * 2.0, Block(Precision.BFloat16, ActivationRecomputation.Blocks));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TrainingBytes_OfMatricesThatAreRounded_AreThoseOfFp32(bool tied)
    {
        long Bytes(int vocabulary, Precision precision) => OlmoModel.TrainingBytes(
            new ParameterList(TinyModels.Config("olmo2") with { Layers = 16, Vocabulary = vocabulary, TiedEmbeddings = tied, Windows = [] }, _ => precision), 1, 4096, false, ActivationRecomputation.Blocks, CpuProvider.Traits).Activations;

        // Weights are rounded where products read them: what a larger head takes is its logits.
        Assert.Equal(Bytes(100_352, Precision.Single) - Bytes(50_176, Precision.Single), Bytes(100_352, Precision.BFloat16) - Bytes(50_176, Precision.BFloat16));
        Assert.True(Bytes(100_352, Precision.BFloat16) < Bytes(100_352, Precision.Single));
    }
}

using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Models;
using Olmo.Model.Tests.Kernels;

namespace Olmo.Model.Tests.Models;

/// <summary>What may not change a bit: size of the micro-batch, threads, vector width, memory for gradients. And what a pass may not allocate.</summary>
public sealed class ModelBitsTests
{
    private const int Sequences = 4;
    private const int Length = 37;

    public static TheoryData<string> Names => TinyModels.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void GroupGradient_AnyMicroBatchThreadsAndWidth_HasTheSameBits(string name)
    {
        (List<float[]> expected, (double Ce, double Z) losses) = Run(name, SimdWidths.Best, threads: 1, microBatch: Sequences);
        foreach (SimdWidth width in Enum.GetValues<SimdWidth>().Where(Hardware.Runs))
        {
            foreach ((int threads, int microBatch) in new[] { (1, 1), (2, 2), (2, 3), (3, 4) })
            {
                (List<float[]> actual, (double Ce, double Z) others) = Run(name, width, threads, microBatch);
                string what = $"{name} {width}, {threads} threads, micro-batch {microBatch}";
                Assert.Equal(losses, others);
                Assert.Equal(expected.Count, actual.Count);
                for (int p = 0; p < expected.Count; p++)
                {
                    Assert.True(
                        System.Runtime.InteropServices.MemoryMarshal.AsBytes(expected[p].AsSpan())
                            .SequenceEqual(System.Runtime.InteropServices.MemoryMarshal.AsBytes(actual[p].AsSpan())),
                        $"{what}: gradient {p}");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Evaluate_AnyMicroBatch_GivesTheLossesOfTraining(string name)
    {
        using ComputePool pool = new(2);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        OlmoConfig config = TinyModels.Config(name);
        using ResidentWeights weights = TinyModels.Weights(provider, config);
        TinyBatch batch = TinyModels.Batch(config, Sequences, Length, documents: true);
        using OlmoModel training = new(provider, weights.Parameters, weights, Sequences, Length, GradientStorage.OneLayer);
        training.BeginGroup();
        training.ForwardBackward(batch.All, 1.0, isFirst: true, new CapturedGradients(provider, weights.Parameters, asDouble: false));
        using OlmoModel inference = new(provider, weights.Parameters, weights, 1, Length, GradientStorage.None);
        inference.BeginGroup();
        float[] logProbabilities = new float[Length];
        for (int s = 0; s < Sequences; s++)
        {
            inference.Evaluate<float>(batch.Part(s, 1), logProbability: logProbabilities);
        }

        Assert.Equal(training.ReadLoss(), inference.ReadLoss());
        Assert.All(logProbabilities, p => Assert.True(p <= 0f));
        Assert.True(inference.ActivationBytes < training.ActivationBytes / 4);
    }

    [Fact]
    public void ForwardBackward_AfterTheFirst_AllocatesNothing()
    {
        using ComputePool pool = new(2);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        OlmoConfig config = TinyModels.Config("olmo2");
        using ResidentWeights weights = TinyModels.Weights(provider, config);
        TinyBatch batch = TinyModels.Batch(config, Sequences, Length, documents: true);
        using OlmoModel model = new(provider, weights.Parameters, weights, 2, Length, GradientStorage.Whole);
        NoSink sink = new();
        void Group()
        {
            model.BeginGroup();
            model.ForwardBackward(batch.Part(0, 2), 100.0, isFirst: true, null);
            model.ForwardBackward(batch.Part(2, 2), 100.0, isFirst: false, sink);
            model.ReadLoss();
        }

        Group();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Group();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void ForwardBackward_SeveralMicroBatchesInMemoryOfOneLayer_IsRefused()
    {
        using ComputePool pool = new(1);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        OlmoConfig config = TinyModels.Config("olmo2");
        using ResidentWeights weights = TinyModels.Weights(provider, config);
        TinyBatch batch = TinyModels.Batch(config, 1, Length, documents: false);
        using OlmoModel model = new(provider, weights.Parameters, weights, 1, Length, GradientStorage.OneLayer);
        Assert.Throws<InvalidOperationException>(() => model.ForwardBackward(batch.All, 1.0, isFirst: true, null));
        using OlmoModel forward = new(provider, weights.Parameters, weights, 1, Length, GradientStorage.None);
        Assert.Throws<InvalidOperationException>(() => forward.ForwardBackward(batch.All, 1.0, isFirst: true, new NoSink()));
    }

    [Fact]
    public void Batch_IdLabelOrDocumentOutOfRange_IsNamed()
    {
        using ComputePool pool = new(1);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        OlmoConfig config = TinyModels.Config("olmo2");
        using ResidentWeights weights = TinyModels.Weights(provider, config);
        using OlmoModel model = new(provider, weights.Parameters, weights, 1, 3, GradientStorage.None);
        string Message(int[] ids, int[] labels, int[] starts) =>
            Assert.Throws<ArgumentException>(() => model.Evaluate<float>(new MicroBatch(ids, 3, labels, documentStarts: starts))).Message;
        Assert.Contains("id 29 at position 1", Message([1, 29, 2], [1, 2, 3], []), StringComparison.Ordinal);
        Assert.Contains("label -1 at position 2", Message([1, 2, 3], [1, 2, -1], []), StringComparison.Ordinal);
        Assert.Contains("starts at 2", Message([1, 2, 3], [1, 2, 3], [0, 2, 0]), StringComparison.Ordinal);
        Assert.Contains("without labels", Message([1, 2, 3], [], []), StringComparison.Ordinal);
    }

    private static (List<float[]> Gradients, (double CrossEntropy, double ZLoss) Losses) Run(string name, SimdWidth width, int threads, int microBatch)
    {
        using ComputePool pool = new(threads);
        using CpuProvider provider = new(pool, width);
        OlmoConfig config = TinyModels.Config(name);
        using ResidentWeights weights = TinyModels.Weights(provider, config);
        TinyBatch batch = TinyModels.Batch(config, Sequences, Length, documents: true);
        GradientStorage storage = microBatch >= Sequences ? GradientStorage.OneLayer : GradientStorage.Whole;
        using OlmoModel model = new(provider, weights.Parameters, weights, microBatch, Length, storage);
        CapturedGradients captured = new(provider, weights.Parameters, asDouble: false);
        model.BeginGroup();
        for (int first = 0; first < Sequences; first += microBatch)
        {
            int count = Math.Min(microBatch, Sequences - first);
            model.ForwardBackward(batch.Part(first, count), 100.0, first == 0, first + count == Sequences ? captured : null);
        }

        return (captured.Floats, model.ReadLoss());
    }

    private sealed class NoSink : IGradientSink
    {
        public void Add(int parameter, in Olmo.Model.Tensors.Tensor gradient)
        {
        }

        public void LayerReady(int layer)
        {
        }
    }
}

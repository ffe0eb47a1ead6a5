using Olmo.Model.Cpu;
using Olmo.Model.Models;
using Olmo.Model.Tests.Models;

namespace Olmo.Model.Tests.Steps;

/// <summary>Blocks that run forward again in the backward pass: less memory, the same bits.</summary>
public sealed class RecomputationTests
{
    public static TheoryData<string> Names => TinyModels.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void Steps_BlocksRecomputed_HaveTheSameBitsInLessMemory(string name)
    {
        TinyTraining.Result kept = new TinyTraining(name).Run();
        foreach ((int threads, int microBatch) in new[] { (1, 3), (2, 1), (2, 2) })
        {
            TinyTraining.Result again = new TinyTraining(name) { Recomputation = ActivationRecomputation.Blocks, Threads = threads, MicroBatch = microBatch }.Run();
            Assert.Equal(kept.Losses, again.Losses);
            Assert.True(kept.State.AsSpan().SequenceEqual(again.State), $"{name}: other bits with {threads} threads and micro-batches of {microBatch}");
            Assert.Equal(0, again.AllocatedInAStep);
            Assert.True(again.ActivationBytes < kept.ActivationBytes);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void TrainingBytes_BlocksRecomputed_LeavesOutAllBlocksButOne(string name)
    {
        const int Sequences = 4;
        const int Length = 16;
        const int Layers = 5;
        OlmoConfig config = TinyModels.Config(name) with { Layers = Layers };
        ParameterList parameters = new(config.Windows.IsDefaultOrEmpty ? config : config with { Windows = [3, 3, 0, 3, 0] });
        (long kept, _) = OlmoModel.TrainingBytes(parameters, Sequences, Length, true, ActivationRecomputation.None, CpuProvider.Traits);
        (long recomputed, _) = OlmoModel.TrainingBytes(parameters, Sequences, Length, true, ActivationRecomputation.Blocks, CpuProvider.Traits);
        int width = config.Width, query = config.QueryWidth, key = config.KeyWidth, hidden = config.FeedForward;
        // q, k, v, attention's output; gate, up, hidden; the stream after attention, both sublayers' outputs; log-sum-exp; statistics of up to three norms.
        List<int> columns = [query, key, key, query, hidden, hidden, hidden, width, width, width, config.Heads, 6];
        columns.AddRange(config.IsReordered || config.ClipQkv is not null ? [query, key] : []);
        columns.AddRange(config.ClipQkv is not null ? [key] : []);
        columns.AddRange(config.IsReordered ? [] : [width, width]);
        Assert.Equal((Layers - 1) * columns.Sum(c => (long)Sequences * Length * c * sizeof(float)), kept - recomputed);
    }
}

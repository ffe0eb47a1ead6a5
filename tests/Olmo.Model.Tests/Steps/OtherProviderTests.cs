using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Models;
using Olmo.Model.Optimization;
using Olmo.Model.State;
using Olmo.Model.Steps;
using Olmo.Model.Tensors;
using Olmo.Model.Tests.Models;
using Olmo.Model.Tests.State;
using Olmo.Model.Tests.Tensors;

namespace Olmo.Model.Tests.Steps;

/// <summary>
/// Whole worlds over a provider with another memory (managed arrays of doubles, no addresses): what steps and state do, they do through operations.
/// </summary>
public sealed class OtherProviderTests
{
    private const int Shards = 4;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 2)]
    public void Step_OverPlainArrays_SumsHaveTheBitsOfTheCpuAndShardFilesTheSameParameters(int ranks, int replicas)
    {
        using ComputePool pool = new(2);
        using CpuProvider cpu = new(pool, SimdWidths.Best);
        using Fp64Provider plain = new();
        Ran expected = Run(cpu, ranks, replicas);
        Ran actual = Run(plain, ranks, replicas);
        Assert.Equal(expected.First.Count, actual.First.Count);
        foreach ((Announcement e, Announcement a) in expected.First.Zip(actual.First))
        {
            // Squares are summed in another order there.
            Assert.Equal(e with { SumOfSquares = 0 }, a with { SumOfSquares = 0 });
            Assert.Equal(e.SumOfSquares, a.SumOfSquares, 1e-12 * e.SumOfSquares);
        }

        Assert.Equal(expected.Files.Select(f => f.Length), actual.Files.Select(f => f.Length));
        Assert.Equal(expected.Parameters.Length, actual.Parameters.Length);
        for (int i = 0; i < expected.Parameters.Length; i++)
        {
            Assert.Equal(expected.Parameters[i], actual.Parameters[i], 1e-5f);
        }
    }

    [Fact]
    public void Step_ModelOverPlainArrays_FollowsTheCpu()
    {
        using ComputePool pool = new(2);
        using CpuProvider cpu = new(pool, SimdWidths.Best);
        using Fp64Provider plain = new();
        (double loss, double norm)[] expected = Train(cpu);
        (double loss, double norm)[] actual = Train(plain);
        Assert.True(expected[2].loss < expected[0].loss);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i].loss, actual[i].loss, 1e-5 * expected[i].loss);
            Assert.Equal(expected[i].norm, actual[i].norm, 1e-4 * expected[i].norm);
        }
    }

    private static (double Loss, double Norm)[] Train(ITensorProvider provider)
    {
        OlmoConfig config = TinyModels.Config("olmo2-tied");
        StepSettings settings = Settings() with { GroupOverrides = [], SequencesPerGroup = 2, Groups = 2 };
        using ResidentWeights weights = TinyModels.Weights(provider, config);
        using PretrainProgram program = new(provider, weights, settings);
        using TrainingState state = TrainingState.OverWorkingParameters(program.Parameters, new RunProgress());
        using RankStep rank = RankStep.Alone(settings, program, state);
        List<(double, double)> reports = [];
        for (int step = 1; step <= 3; step++)
        {
            GroupBatch[] batch = Batch(settings, config.Vocabulary);
            rank.Begin(new StepIdentity("run", 0, 1, step, 0), batch.Sum(g => g.CountLabels()));
            Assert.All(batch, g => Assert.True(rank.RunGroup(g, CancellationToken.None)));
            StepReport report = rank.Finish(rank.Decide(rank.Announce()));
            reports.Add((report.CrossEntropy, report.GradientNorm));
        }

        return [.. reports];
    }

    private static Ran Run(ITensorProvider provider, int ranks, int replicas)
    {
        StepSettings settings = Settings() with { Replicas = replicas };
        using VirtualWorld world = new(settings, ranks, _ => new ToyProgram(provider, Shards));
        Announcement[] first = [];
        for (int step = 1; step <= 2; step++)
        {
            world.Run(new StepIdentity("run", 0, 1, step, 0), Batch(settings, 1000));
            first = step == 1 ? world.Announcements.ToArray() : first;
        }

        List<byte[]> files = [];
        foreach (ShardStage stage in world.Stage(0))
        {
            foreach (int shard in stage.Placement.Shards)
            {
                using MemoryStream file = new();
                stage.Write(shard, file);
                files.Add(file.ToArray());
            }

            stage.Dispose();
        }

        WorkingParameters working = world.Parameters.Last();
        float[] parameters = [.. Enumerable.Range(0, working.Layout.Chunks).SelectMany(c => working.Values(working.Layout.ChunkAt(c)))];
        return new Ran([.. first], files, parameters);
    }

    private static StepSettings Settings() => new()
    {
        Groups = 6,
        SequencesPerGroup = 2,
        SequenceLength = 8,
        MicroBatchSequences = 1,
        Shards = Shards,
        Replicas = 1,
        Optimizer = new AdamWSettings(1e-2),
        GroupOverrides = [new(["embed"], WeightDecay: 0.0)],
        Schedule = new ConstantSchedule(),
    };

    private static GroupBatch[] Batch(StepSettings settings, int vocabulary)
    {
        GroupBatch[] batch = [.. Enumerable.Range(0, settings.Groups).Select(g => new GroupBatch(settings.SequencesPerGroup, settings.SequenceLength) { Group = g })];
        foreach (GroupBatch group in batch)
        {
            for (int i = 0; i < group.Ids.Length; i++)
            {
                group.Ids[i] = ((i * 7) + (group.Group * 331)) % vocabulary;
            }

            group.ShiftLabels();
        }

        return batch;
    }

    private sealed record Ran(List<Announcement> First, List<byte[]> Files, float[] Parameters);
}

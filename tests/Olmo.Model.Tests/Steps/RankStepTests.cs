using System.Runtime.CompilerServices;
using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Numerics;
using Olmo.Model.Optimization;
using Olmo.Model.State;
using Olmo.Model.Steps;

namespace Olmo.Model.Tests.Steps;

public sealed class RankStepTests : IDisposable
{
    private const int Shards = 4;
    private readonly ComputePool _pool = new(2);
    private readonly CpuProvider _provider;

    public RankStepTests() => _provider = new CpuProvider(_pool, SimdWidths.Best);

    public void Dispose()
    {
        _provider.Dispose();
        _pool.Dispose();
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 1)]
    [InlineData(4, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 2)]
    [InlineData(4, 2)]
    [InlineData(4, 4)]
    public void Run_AnyWorld_SameReportsStatesAndShardFilesAsOneRank(int ranks, int replicas)
    {
        (List<StepReport> quiet, string[] files) = RunWorld(1, 1);
        (List<StepReport> reports, string[] others) = RunWorld(ranks, replicas);
        Assert.Equal(files, others);
        Assert.Equal(
            quiet.Select(r => r with { Groups = 0, BatchHash = default }), reports.Select(r => r with { Groups = 0, BatchHash = default }));
    }

    [Fact]
    public void Run_SkippedSteps_AdvanceStepButNotStateOrUpdates()
    {
        using ToyProgram program = new(_provider, Shards);
        StepSettings settings = Settings() with { Decision = new DecisionSettings(NonFinite: NonFinitePolicy.Skip) };
        using TrainingState state = TrainingState.OverWorkingParameters(program.Parameters, new RunProgress());
        using RankStep rank = RankStep.Alone(settings, program, state);
        RunStep(rank, settings, 1);
        ulong before = state.DigestOf(2);
        program.Offset = float.NaN;
        StepReport skipped = RunStep(rank, settings, 2);
        Assert.Equal(StepOutcome.SkipNonFinite, skipped.Outcome);
        Assert.True(skipped.IsSkipped);
        Assert.Equal(before, state.DigestOf(2));
        Assert.Equal((2L, 1L), (state.Progress.Step, state.Progress.Updates));
        program.Offset = 0f;
        Assert.Equal(StepOutcome.Apply, RunStep(rank, settings, 3).Outcome);
        Assert.NotEqual(before, state.DigestOf(2));
    }

    [Fact]
    public void Finish_NotFiniteUnderStopPolicy_IsRefusedAndTheStateIsThatOfTheStepBefore()
    {
        using ToyProgram program = new(_provider, Shards) { Offset = float.PositiveInfinity };
        StepSettings settings = Settings();
        using TrainingState state = TrainingState.OverWorkingParameters(program.Parameters, new RunProgress());
        using RankStep rank = RankStep.Alone(settings, program, state);
        Begin(rank, settings, 1);
        Assert.All(Batch(settings, 1), g => rank.RunGroup(g, CancellationToken.None));
        StepDecision decision = rank.Decide(rank.Announce());
        Assert.Equal(StepOutcome.StopNonFinite, decision.Outcome);
        Assert.Throws<ArgumentException>(() => rank.Finish(decision));
        rank.Abandon();
        program.Offset = 0f;
        Assert.Equal(1, RunStep(rank, settings, 1, attempt: 1).Step);
    }

    [Fact]
    public void RunGroup_AbortedInside_LeavesNoTraceAndCanBeRunAgain()
    {
        (StepReport quiet, string[] files) = OneStep(cancel: false);
        (StepReport again, string[] others) = OneStep(cancel: true);
        Assert.Equal(quiet, again);
        Assert.Equal(files, others);
    }

    [Fact]
    public void Calls_OutOfOrder_AreRefused()
    {
        using ToyProgram program = new(_provider, Shards);
        StepSettings settings = Settings();
        using TrainingState state = TrainingState.OverWorkingParameters(program.Parameters, new RunProgress());
        using RankStep rank = RankStep.Alone(settings, program, state);
        GroupBatch[] batch = Batch(settings, 1);
        Assert.Throws<InvalidOperationException>(() => rank.RunGroup(batch[0], CancellationToken.None));
        Assert.Throws<ArgumentException>(() => Begin(rank, settings, 2));
        Begin(rank, settings, 1);
        Assert.Throws<InvalidOperationException>(() => { rank.Announce(); });
        rank.RunGroup(batch[0], CancellationToken.None);
        Assert.Throws<OverlappingGroupsException>(() => rank.RunGroup(batch[0], CancellationToken.None));
        Assert.Throws<ArgumentException>(() => rank.RunGroup(new GroupBatch(1, 3), CancellationToken.None));
        Assert.Throws<ArgumentException>(
            () => RankStep.Alone(settings with { Shards = 5 }, program, state));
        Assert.Throws<ArgumentOutOfRangeException>(() => RankStep.Alone(settings with { Groups = 0 }, program, state));
    }

    [Fact]
    public void Report_ScheduleInTokens_CountsTheCurrentBatch()
    {
        using ToyProgram program = new(_provider, Shards);
        StepSettings settings = Settings() with { ScheduleUnit = ScheduleUnit.Tokens, Schedule = new LinearSchedule(0, 10 * 6 * 2 * 8, 0.0) };
        using TrainingState state = TrainingState.OverWorkingParameters(program.Parameters, new RunProgress());
        using RankStep rank = RankStep.Alone(settings, program, state);
        Assert.Equal(1e-2 * 0.9, RunStep(rank, settings, 1).LearningRate, 1e-15);
        Assert.Equal(1e-2 * 0.8, RunStep(rank, settings, 2).LearningRate, 1e-15);
        Assert.Equal(2 * settings.TokensPerBatch, state.Progress.Tokens);
    }

    [Fact]
    public void Step_AfterTheFirstOnes_AllocatesNothing()
    {
        using ToyProgram program = new(_provider, Shards);
        StepSettings settings = Settings() with { Decision = new DecisionSettings(SkipStep: new SkipStepSettings(8)) };
        using TrainingState state = TrainingState.OverWorkingParameters(program.Parameters, new RunProgress(8));
        using RankStep rank = RankStep.Alone(settings, program, state);
        GroupBatch[] batch = Batch(settings, 1);
        long labels = batch.Sum(g => g.CountLabels());
        long allocated = 0;
        for (int step = 1; step <= 12; step++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            OneStep(rank, batch, labels, step);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(0, allocated);
    }

    [Fact]
    public void Report_BatchHash_IsThatOfTheGroupsInOrder()
    {
        using ToyProgram program = new(_provider, Shards);
        StepSettings settings = Settings();
        using TrainingState state = TrainingState.OverWorkingParameters(program.Parameters, new RunProgress());
        using RankStep rank = RankStep.Alone(settings, program, state);
        GroupBatch[] batch = Batch(settings, 1);
        Begin(rank, settings, 1);
        foreach (GroupBatch group in batch.Reverse())
        {
            rank.RunGroup(group, CancellationToken.None);
        }

        StepReport report = rank.Finish(rank.Decide(rank.Announce()));
        using MemoryStream expected = new();
        foreach (GroupBatch group in batch)
        {
            byte[] ids = System.Security.Cryptography.SHA256.HashData(System.Runtime.InteropServices.MemoryMarshal.AsBytes(group.Ids.AsSpan()));
            Assert.Equal(Convert.ToHexStringLower(ids), rank.HashOfGroup(group.Group)!.Value.ToString());
            expected.Write(BitConverter.GetBytes(group.Group));
            expected.Write(ids);
        }

        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(expected.ToArray())), report.BatchHash.ToString());
        Assert.Equal(settings.Groups, report.Groups);
    }

    [Theory]
    [InlineData(7, 3, 2)]
    [InlineData(12, 5, 3)]
    [InlineData(4, 4, 9)]
    public void Plan_AnyWorld_DealsEveryGroupOnceAndEveryShardOncePerReplica(int groups, int ranks, int replicas)
    {
        WorldPlan plan = new(ranks, replicas, groups, 64);
        int next = 0;
        for (int r = 0; r < ranks; r++)
        {
            (int first, int end) = plan.GroupsOf(r);
            Assert.Equal(next, first);
            Assert.InRange(end - first, groups / ranks, (groups / ranks) + 1);
            next = end;
        }

        Assert.Equal(groups, next);
        for (int k = 0; k < plan.Replicas; k++)
        {
            (int first, int end) = plan.RanksOf(k);
            Assert.Equal(Enumerable.Range(0, 64), Enumerable.Range(first, end - first).SelectMany(r => plan.ShardsOf(r)));
            Assert.All(Enumerable.Range(first, end - first), r => Assert.Equal(k, plan.ReplicaOf(r)));
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => new WorldPlan(groups + 1, 1, groups, 64));
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
        Schedule = new CosineSchedule(2, 10),
    };

    private static GroupBatch[] Batch(StepSettings settings, int step)
    {
        GroupBatch[] batch = new GroupBatch[settings.Groups];
        for (int g = 0; g < batch.Length; g++)
        {
            batch[g] = new GroupBatch(settings.SequencesPerGroup, settings.SequenceLength) { Group = g };
            for (int i = 0; i < batch[g].Ids.Length; i++)
            {
                batch[g].Ids[i] = (int)(Philox.Block((uint)i, (uint)g, (uint)step, 0, 8, 9).W0 % 1003);
            }

            batch[g].ShiftLabels();
        }

        return batch;
    }

    private static void Begin(RankStep rank, StepSettings settings, long step, int attempt = 0) =>
        rank.Begin(new StepIdentity("run", 0, 1, step, attempt), Batch(settings, (int)step).Sum(g => g.CountLabels()));

    private static StepReport RunStep(RankStep rank, StepSettings settings, long step, int attempt = 0)
    {
        Begin(rank, settings, step, attempt);
        foreach (GroupBatch group in Batch(settings, (int)step))
        {
            Assert.True(rank.RunGroup(group, CancellationToken.None));
        }

        return rank.Finish(rank.Decide(rank.Announce()));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void OneStep(RankStep rank, GroupBatch[] batch, long labels, long step)
    {
        rank.Begin(new StepIdentity("run", 0, 1, step, 0), labels);
        for (int g = 0; g < batch.Length; g++)
        {
            rank.RunGroup(batch[g], CancellationToken.None);
        }

        rank.Finish(rank.Decide(rank.Announce()));
    }

    private (StepReport Report, string[] Files) OneStep(bool cancel)
    {
        using ToyProgram program = new(_provider, Shards);
        StepSettings settings = Settings();
        using TrainingState state = TrainingState.OverWorkingParameters(program.Parameters, new RunProgress());
        using RankStep rank = RankStep.Alone(settings, program, state);
        Begin(rank, settings, 1);
        foreach (GroupBatch group in Batch(settings, 1))
        {
            if (cancel && group.Group == 3)
            {
                using CancellationTokenSource source = new();
                program.CancelInside = source;
                Assert.False(rank.RunGroup(group, source.Token));
                program.CancelInside = null;
            }

            Assert.True(rank.RunGroup(group, CancellationToken.None));
        }

        StepReport report = rank.Finish(rank.Decide(rank.Announce()));
        using ShardStage stage = new(state.Provider, state.Placement);
        stage.Take(state);
        return (report, [.. Enumerable.Range(0, Shards).Select(s => stage.Write(s, Stream.Null).Sha256)]);
    }

    private (List<StepReport> Reports, string[] Files) RunWorld(int ranks, int replicas)
    {
        StepSettings settings = Settings() with { Replicas = replicas };
        using VirtualWorld world = new(settings, ranks, _ => new ToyProgram(_provider, Shards));
        List<StepReport> reports = [];
        for (int step = 1; step <= 4; step++)
        {
            reports.Add(world.Run(new StepIdentity("run", 0, 1, step, 0), Batch(settings, step))[0]);
        }

        string[] files = [];
        for (int k = 0; k < world.Plan.Replicas; k++)
        {
            string[] mine = new string[Shards];
            foreach (ShardStage stage in world.Stage(k))
            {
                foreach (int shard in stage.Placement.Shards)
                {
                    mine[shard] = stage.Write(shard, Stream.Null).Sha256;
                }

                stage.Dispose();
            }

            Assert.True(k == 0 || files.SequenceEqual(mine));
            files = mine;
        }

        return (reports, files);
    }
}

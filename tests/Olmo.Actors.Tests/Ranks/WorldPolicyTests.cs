using Olmo.Actors.Checkpoints;
using Olmo.Actors.Ranks;
using Olmo.Actors.Runs;
using Olmo.Data.Instances;
using Olmo.Model.Optimization;
using Olmo.Model.State;
using Olmo.Model.Steps;

namespace Olmo.Actors.Tests.Ranks;

/// <summary>Guard, quarantine, discards and ledger in the real engine: the same for every world, and after a resume in the middle.</summary>
public sealed class WorldPolicyTests
{
    private const int Steps = 12;

    // So narrow that natural losses of the example are outliers now and then.
    private static readonly DecisionSettings Narrow = new(1.0, new SkipStepSettings(8, 0.4));

    [Fact]
    public void Guard_InWorldsOfOneTwoAndThree_DecidesTheSame()
    {
        using WorldOfThreads alone = World(1, 1, Narrow);
        bool[] expected = SkippedIn(alone, Steps);
        Assert.Contains(true, expected);
        Assert.Contains(false, expected[4..]);
        (string Weights, string[] Shards) bits = alone.Result();
        foreach ((int ranks, int replicas) in ((int, int)[])[(2, 2), (3, 2)])
        {
            using WorldOfThreads world = World(ranks, replicas, Narrow);
            Assert.Equal(expected, SkippedIn(world, Steps));
            Assert.Equal(bits.Shards, world.Result().Shards);
        }
    }

    [Fact]
    public void Guard_ResumedInTheMiddleOfItsWindow_DecidesTheSame()
    {
        using WorldOfThreads alone = World(1, 1, Narrow);
        bool[] expected = SkippedIn(alone, Steps);
        using WorldOfThreads first = World(2, 2, Narrow);
        first.RunTo(6);
        CheckpointManifest manifest = first.Save();

        using WorldOfThreads second = new(3, 1, store: first.Store, decision: Narrow);
        second.Form(3, manifest);
        Assert.Equal(expected[6..], SkippedIn(second, Steps));
        Assert.Equal(alone.Result().Shards, second.Result().Shards);
        Assert.Equal(alone.Save().RunState, second.Save().RunState);
    }

    [Fact]
    public void Guard_SpikesInARow_EveryRankRefusesTheSameStep()
    {
        DecisionSettings rollsBack = Narrow with { MaxSpikes = 2 };
        (int, int)[] worlds = [(1, 1), (2, 2), (3, 1)];
        long[] refused = [.. worlds.Select(w =>
        {
            using WorldOfThreads world = World(w.Item1, w.Item2, rollsBack);
            Exception thrown = Assert.Throws<InvalidOperationException>(() => world.RunTo(40)).InnerException!;
            RollBackStepException refusal = Assert.IsType<RollBackStepException>(thrown);
            Assert.Equal(FaultKind.RunSpiked, refusal.Kind);
            return refusal.Step;
        })];
        Assert.Single(refused.Distinct());
    }

    [Fact]
    public void Quarantine_CountsAsZeroInEveryWorld()
    {
        DataCourse course = DataCourse.Whole.Quarantine(new QuarantinedGroup(3, 5));
        using WorldOfThreads alone = World(1, 1, null, course);
        alone.RunTo(5);
        (string Weights, string[] Shards) expected = alone.Result();
        Assert.NotEqual(WorldExample.Quiet(5).Weights, expected.Weights);
        SampleLedger ledger = SampleLedger.Parse(Ledger(alone));
        Assert.Equal((5 * 24) - 2, ledger.Sequences);
        foreach ((int ranks, int replicas) in ((int, int)[])[(2, 2), (3, 1), (3, 3)])
        {
            using WorldOfThreads world = World(ranks, replicas, null, course);
            world.RunTo(5);
            Assert.Equal(expected.Shards, world.Result().Shards);
            Assert.Equal(Ledger(alone), Ledger(world));
        }
    }

    [Fact]
    public void Ledger_OfEveryWorld_IsWhatTheBatchesSay()
    {
        DataCourse course = DataCourse.Whole.Discard(new BatchRange(3, 6));
        using WorldOfThreads world = World(3, 2, null, course);
        world.RunTo(5);

        SampleLedger expected = new();
        for (long step = 1; step <= 5; step++)
        {
            ulong sum = 0;
            long batch = course.BatchOf(step);
            foreach (GroupBatch group in WorldExample.Batch(batch).Groups)
            {
                for (int s = 0; s < 2; s++)
                {
                    int length = group.SequenceLength;
                    sum += SampleHash.OfSequence(group.Instances[s], group.Ids.AsSpan(s * length, length), group.Labels.AsSpan(s * length, length));
                }
            }

            expected.Add(batch, 24, sum, skipped: false);
        }

        Assert.Equal(expected.ToString(), Ledger(world));
        Assert.EndsWith("batches 1-2,7-9", Ledger(world), StringComparison.Ordinal);
    }

    [Fact]
    public void Ledger_AfterADeath_CountsEverySequenceOnce()
    {
        using WorldOfThreads quiet = World(1, 1, null);
        quiet.RunTo(5);
        using WorldOfThreads world = World(3, 2, null);
        world.Ranks[1].DiesAt = (Phases.Forward, 3, 2);
        world.RunTo(5);
        Assert.Equal(Ledger(quiet), Ledger(world));
    }

    private static WorldOfThreads World(int ranks, int replicas, DecisionSettings? decision, DataCourse? course = null)
    {
        WorldOfThreads world = new(ranks, replicas, decision: decision) { Course = course ?? DataCourse.Whole };
        world.Form(ranks);
        return world;
    }

    private static bool[] SkippedIn(WorldOfThreads world, long steps)
    {
        world.RunTo(steps);
        return [.. world.Members().First().Steps.Select(s => s.IsSkipped)];
    }

    private static string Ledger(WorldOfThreads world)
    {
        IStagedState staged = world.Members().First().Engine.Stage();
        return staged.Facts.Ledger;
    }
}

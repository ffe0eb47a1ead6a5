using Olmo.Actors.Checkpoints;

namespace Olmo.Actors.Tests.Checkpoints;

public sealed class CheckpointsStateTests
{
    private static readonly DateTimeOffset At = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Newest_OtherTimeline_CountsOnlyUpToTheBranch()
    {
        CheckpointsState state = Fold(Committed(0, 50), Committed(0, 100), Committed(1, 60));

        Assert.Equal((0, 100L), Key(state.Newest(Lineage.First)));
        Assert.Equal((1, 60L), Key(state.Newest(Lineage.First.Open(1, 50))));
        Assert.Equal((0, 50L), Key(Fold(Committed(0, 50), Committed(0, 100)).Newest(Lineage.First.Open(1, 50))));
    }

    [Fact]
    public void Newest_SeveralBranches_LeavesOutWhatARollBackDiscarded()
    {
        // 0 went to 100, back to 50 (timeline 1), on to 80 (timeline 2), back to 30 (timeline 3)
        CheckpointsState state = Fold(Committed(0, 20), Committed(0, 40), Committed(0, 60), Committed(0, 80), Committed(1, 70), Committed(2, 90));
        Lineage second = Lineage.First.Open(1, 50).Open(2, 80);

        Assert.Equal((2, 90L), Key(state.Newest(second)));
        Assert.Equal((1, 70L), Key(state.NewestUpTo(second, 80)));
        Assert.Equal((0, 40L), Key(state.NewestUpTo(second, 69)));
        Assert.Equal((0, 20L), Key(state.NewestUpTo(second, 3)));
        Lineage third = second.Open(3, 30);
        Assert.Equal((0, 20L), Key(state.Newest(third)));
        Assert.Equal(new TimelineBranch(3, 30), Assert.Single(third.Branches));
        Assert.Null(state.Newest(third.Open(4, 0)));
    }

    [Fact]
    public void Newest_Rejected_FallsBack()
    {
        CheckpointsState state = Fold(Committed(0, 50), Committed(0, 100), new CheckpointRejected(0, 100, "shards/1-x.safetensors", "digest"));

        Assert.Equal((0, 50L), Key(state.Newest(Lineage.First)));
        Assert.Single(state.Rejected);
    }

    [Fact]
    public void Expired_KeepsTheNewestAndThePermanent()
    {
        CheckpointsState state = Fold(Committed(0, 10), Committed(0, 20, permanent: true), Committed(0, 30), Committed(0, 40), Committed(0, 50));

        Assert.Equal([30L, 10L], state.Expired(2).Select(c => c.Step));
        Assert.Throws<ArgumentOutOfRangeException>(() => state.Expired(0));
    }

    [Fact]
    public void Newest_Suspect_IsNeverTaken()
    {
        CheckpointsState state = Fold(Committed(0, 10), Committed(0, 20), Committed(0, 30), new CheckpointSuspected(0, 20, "r"), new CheckpointSuspected(0, 30, "r"));

        Assert.Equal((0, 10L), Key(state.Newest(Lineage.First)));
        Assert.Equal((0, 10L), Key(state.NewestUpTo(Lineage.First, 25)));
        Assert.Empty(Fold(Committed(0, 10), new CheckpointSuspected(0, 10, "r"), new CheckpointRetired(0, 10)).Suspect);
    }

    [Fact]
    public void Expired_KeepsWhatAConvictionWouldNeed_AndCountsSuspectOnesByThemselves()
    {
        CheckpointsState state = Fold(Committed(0, 10), Committed(0, 20), Committed(0, 30), Committed(0, 40), Committed(0, 50), new CheckpointSuspected(0, 50, "r"));

        Assert.Equal([20L, 10L], state.Expired(2).Select(c => c.Step));
        Assert.Equal([10L], state.Expired(2, needed: 25).Select(c => c.Step));
        Assert.Equal([20L], state.Expired(2, needed: 19).Select(c => c.Step));
    }

    [Fact]
    public void NamesInUse_SharedFile_StaysUntilItsLastCheckpointGoes()
    {
        CheckpointsState state = Fold(Committed(0, 10, shards: ["a", "b"]), Committed(0, 20, shards: ["b", "c"]), new CheckpointRetired(0, 10));

        Assert.DoesNotContain("a", state.NamesInUse());
        Assert.Contains("b", state.NamesInUse());
    }

    [Fact]
    public void Apply_CommittedTwice_IsOneCheckpoint() => Assert.Single(Fold(Committed(0, 10), Committed(0, 10)).Committed);

    private static (int, long) Key(CheckpointCommitted? committed) => (committed!.Timeline, committed.Step);

    private static CheckpointsState Fold(params CheckpointEvent[] events) => events.Aggregate(CheckpointsState.Initial, CheckpointsState.Apply);

    private static CheckpointCommitted Committed(int timeline, long step, bool permanent = false, string[]? shards = null) =>
        new(timeline, step, $"manifests/{timeline}-{step}.json", "sha", shards ?? [$"shards/0-{timeline}-{step}.safetensors"], 100, permanent, At);
}

using System.Collections.Immutable;
using Olmo.Actors.Checkpoints;
using Olmo.Actors.Contracts;
using Olmo.Actors.Runs;
using Olmo.Actors.Worlds;
using Olmo.Data.Instances;
using Olmo.Runtime.Contracts;

namespace Olmo.Actors.Tests.Snapshots;

/// <summary>A state that went through its contract is the state: every way to cut a history into snapshot and tail ends where the whole history ends.</summary>
public sealed class SnapshotStateTests
{
    private static readonly ContractRegistry Contracts = new(JournalContracts.All);
    private static readonly DateTimeOffset At = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void RunState_SnapshotAtEveryEvent_EndsAsTheWholeHistory() => AssertEveryCutEndsAlike<RunState, RunEvent>(
        RunState.Initial, RunState.Apply,
        [
            new RunCreated("test", "n1", ImmutableSortedDictionary<string, string>.Empty.Add("optimizer.learning-rate", "0.001").Add("run.seed", "1"), "layout", "data", 100),
            new GenerationStarted(1, 7, 0, 0, "the run starts"),
            new WorldFormed(1, [new(0, 1), new(2, 1), new(1, 1)], 0, StateSource.Initial, "the run starts"),
            new RankFaulted(1, FaultKind.Loader, "read error", 12, At),
            new GenerationStarted(2, 7, 0, 10, "again"),
            new RankFaulted(2, FaultKind.Compute, "boom", 12, At.AddSeconds(5)),
            new StopRequested("signal", At.AddSeconds(6)),
            new RunStopped(StopReason.Preempted, "stopped on request", 15),
            new TimelineOpened(1, 10, ImmutableSortedDictionary<string, string>.Empty.Add("run.seed", "2"), "numeric keys changed", 120, NumericsId: "n2"),
            new GenerationStarted(3, 8, 1, 10, "a branch"),
            new RankFaulted(3, FaultKind.UnreadableCheckpoint, "digest", 10, At.AddMinutes(1)),
            new RankFaulted(3, FaultKind.Compute, "poison", 12, At.AddMinutes(1), 2, 5, "System.FormatException"),
            new GroupQuarantined(12, 5, FaultKind.Compute, [1, 2], 12, "System.FormatException"),
            new TimelineOpened(2, 11, ImmutableSortedDictionary<string, string>.Empty.Add("run.seed", "2"), "quarantine", 120, CarriesState: true),
            new TimelineOpened(3, 20, ImmutableSortedDictionary<string, string>.Empty.Add("run.seed", "2"), "spikes", 120, new BatchRange(21, 40), FaultKind.RunSpiked, 40),
            new RunStopped(StopReason.Completed, "sha", 120),
        ]);

    [Fact]
    public void CheckpointsState_SnapshotAtEveryEvent_EndsAsTheWholeHistory() => AssertEveryCutEndsAlike<CheckpointsState, CheckpointEvent>(
        CheckpointsState.Initial, CheckpointsState.Apply,
        [
            new CheckpointBegun(0, 10, 1, At),
            new CheckpointBegun(0, 10, 2, At.AddSeconds(1)),
            Committed(0, 10, permanent: true),
            new CheckpointBegun(0, 20, 2, At),
            new CheckpointBegun(1, 20, 2, At),
            new CheckpointAbandoned(0, 20, "No room", 3),
            Committed(1, 20),
            Committed(0, 30),
            new CheckpointRejected(0, 30, "shards/x", "digest"),
            new CheckpointBegun(1, 40, 3, At),
            new CheckpointRetired(1, 20),
        ]);

    private static void AssertEveryCutEndsAlike<TState, TEvent>(TState initial, Func<TState, TEvent, TState> apply, TEvent[] history)
        where TState : notnull
    {
        string whole = Json(history.Aggregate(initial, apply));
        for (int cut = 0; cut <= history.Length; cut++)
        {
            (string manifest, byte[] payload) = Contracts.Encode(history[..cut].Aggregate(initial, apply));
            TState recovered = (TState)Contracts.Decode(manifest, payload);

            Assert.Equal(System.Text.Encoding.UTF8.GetString(payload), Json(recovered));
            Assert.Equal(whole, Json(history[cut..].Aggregate(recovered, apply)));
        }
    }

    private static string Json(object state) => System.Text.Encoding.UTF8.GetString(Contracts.Encode(state).Payload);

    private static CheckpointCommitted Committed(int timeline, long step, bool permanent = false) =>
        new(timeline, step, $"manifests/{timeline}-{step}.json", "sha", ["shards/a", "shards/b"], 100, permanent, At);
}

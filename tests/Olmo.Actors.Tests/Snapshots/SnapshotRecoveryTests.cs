using System.Collections.Concurrent;
using System.Text;
using Olmo.Actors.Checkpoints;
using Olmo.Actors.Contracts;
using Olmo.Actors.Runs;
using Olmo.Actors.Tests.Runs;
using Olmo.Runtime.Actor;
using Olmo.Runtime.Contracts;
using Olmo.Runtime.Storage;

namespace Olmo.Actors.Tests.Snapshots;

/// <summary>What supervisor and coordinator recover from: the newest snapshot and the events after it.</summary>
public sealed class SnapshotRecoveryTests : IDisposable
{
    private const string Supervisor = "run/test";
    private const string Coordinator = "checkpoints/test";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly ContractRegistry Contracts = new(JournalContracts.All);
    private readonly RunHarness _harness = new() { SnapshotInterval = 2 };
    private readonly BlockingCollection<object> _events = [];

    public void Dispose() => _events.Dispose();

    [Fact]
    public async Task Run_Complete_KeepsOneSnapshotOfEachActor()
    {
        using ActorSystem system = Complete();

        Assert.True(SpinWait.SpinUntil(() => _harness.Journal.SnapshotNumbers(Supervisor).Count == 1 && _harness.Journal.SnapshotNumbers(Coordinator).Count == 1, Patience));
        IReadOnlyList<StoredEvent> events = await Events(Coordinator);
        Assert.InRange(_harness.Journal.SnapshotNumbers(Coordinator)[0], events[^1].SequenceNr - _harness.SnapshotInterval + 1, events[^1].SequenceNr);
        await system.Terminate();
    }

    [Fact]
    public async Task Recovery_SnapshotAndTailOnly_IsTheStateOfAllEvents()
    {
        using (ActorSystem first = Complete())
        {
            await first.Terminate();
        }

        string run = Json((await Events(Supervisor)).Select(Decode<RunEvent>).Aggregate(RunState.Initial, RunState.Apply));
        CheckpointsState checkpoints = (await Events(Coordinator)).Select(Decode<CheckpointEvent>).Aggregate(CheckpointsState.Initial, CheckpointsState.Apply);
        long cutSupervisor = await DeleteEventsOfTheSnapshot(Supervisor);
        long cutCoordinator = await DeleteEventsOfTheSnapshot(Coordinator);
        Assert.True(cutSupervisor > 0 && cutCoordinator > 0);

        using ActorSystem second = _harness.StartSystem(fence: 3);
        RunStatus status = await _harness.StartSupervisor(second, _harness.StartRank(second)).Ask<RunStatus>(GetRunStatus.Instance, Patience);
        CheckpointFound found = await second.ActorOf(Props.Create(() => new CheckpointCoordinator(
            new CheckpointCoordinatorSettings(new RunIdentity("test", 1), RunHarness.Shards, _harness.TotalSteps, _harness.Checkpoints, 2), _harness.Store, TimeProvider.System, RunHarness.Probe)))
            .Ask<CheckpointFound>(new FindCheckpoint(Lineage.First), Patience);

        Assert.Equal(run, Json(status.State));
        Assert.Equal(Json(checkpoints.Newest(Lineage.First)!), Json(found.Newest!));
        await second.Terminate();
    }

    [Fact]
    public async Task Recovery_SnapshotOfAnUnknownContract_IsRefusedByName()
    {
        JournalClaim claim = new(Supervisor, 1, "test");
        await _harness.Journal.ClaimAsync(claim, CancellationToken.None);
        await _harness.Journal.SaveSnapshotAsync(claim, new StoredSnapshot(3, DateTimeOffset.UnixEpoch, "run.state:9", "{}"u8.ToArray()), CancellationToken.None);
        using ActorSystem system = _harness.StartSystem(fence: 2);
        Listen(system, typeof(JournalUnavailable));
        _harness.StartSupervisor(system, _harness.StartRank(system));

        Assert.True(_events.TryTake(out object? refused, Patience));
        Assert.Contains("run.state:9", Assert.IsType<JournalUnavailable>(refused).Reason, StringComparison.Ordinal);
        await system.Terminate();
    }

    private ActorSystem Complete()
    {
        ActorSystem system = _harness.StartSystem();
        Listen(system, typeof(RunEventStored));
        _harness.StartSupervisor(system, _harness.StartRank(system));
        while (_events.TryTake(out object? message, Patience))
        {
            if (message is RunEventStored { Event: RunStopped stopped })
            {
                Assert.Equal(StopReason.Completed, stopped.Reason);
                return system;
            }
        }

        throw new TimeoutException($"the run did not end in {Patience}");
    }

    private void Listen(ActorSystem system, Type channel) => system.EventStream.Subscribe(system.ActorOf(Props.Create(() => new EventRecorder(_events))), channel);

    private Task<IReadOnlyList<StoredEvent>> Events(string id) => _harness.Journal.ReplayAsync(id, 1, long.MaxValue, int.MaxValue, CancellationToken.None);

    /// <summary>What the snapshot holds cannot come from events any more.</summary>
    private async Task<long> DeleteEventsOfTheSnapshot(string id)
    {
        JournalClaim claim = new(id, 2, "test");
        await _harness.Journal.ClaimAsync(claim, CancellationToken.None);
        long newest = _harness.Journal.SnapshotNumbers(id)[^1];
        await _harness.Journal.DeleteEventsAsync(claim, newest, CancellationToken.None);
        return newest;
    }

    private static TEvent Decode<TEvent>(StoredEvent stored) => (TEvent)Contracts.Decode(stored.Manifest, stored.Payload);

    private static string Json(object state) => Encoding.UTF8.GetString(Contracts.Encode(state).Payload);
}

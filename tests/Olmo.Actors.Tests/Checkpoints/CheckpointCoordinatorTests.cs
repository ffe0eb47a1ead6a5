using System.Collections.Concurrent;
using Olmo.Actors.Checkpoints;
using Olmo.Actors.Runs;
using Olmo.Actors.Tests.Runs;
using Olmo.Runtime.Actor;

namespace Olmo.Actors.Tests.Checkpoints;

/// <summary>What becomes of a checkpoint that is under way when the world changes.</summary>
public sealed class CheckpointCoordinatorTests : IDisposable
{
    private const long Step = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly CheckpointFacts Facts = new(64, "id", "layout", "data", "0:8", "");
    private readonly RunHarness _harness = new();
    private readonly BlockingCollection<object> _answers = [];
    private readonly ActorSystem _system;
    private readonly IActorRef _reporter;
    private readonly IActorRef _coordinator;
    private readonly int[] _first = [.. Enumerable.Range(0, RunHarness.Shards / 2)];
    private readonly int[] _second = [.. Enumerable.Range(RunHarness.Shards / 2, RunHarness.Shards - (RunHarness.Shards / 2))];

    public CheckpointCoordinatorTests()
    {
        _system = _harness.StartSystem();
        _reporter = _system.ActorOf(Props.Create(() => new EventRecorder(_answers)));
        CheckpointCoordinatorSettings settings = new(new RunIdentity("test", 1), RunHarness.Shards, 1000, _harness.Checkpoints, 100);
        _coordinator = _system.ActorOf(Props.Create(() => new CheckpointCoordinator(settings, _harness.Store, TimeProvider.System, RunHarness.Probe)));
    }

    public void Dispose()
    {
        _system.Dispose();
        _answers.Dispose();
    }

    [Fact]
    public void WorldChange_WhoWritesTheRestLives_TheCheckpointIsCommitted()
    {
        Begin(rank: 2, _first);
        Begin(rank: 3, _second);
        Store(_first);
        Tell(new EndUnfinished(2, 0, [3]));

        Store(_second);

        Assert.True(Settled().IsCommitted);
    }

    [Fact]
    public void WorldChange_AWriterThatHadNotWrittenIsGone_TheAttemptEnds()
    {
        Begin(rank: 2, _first);
        Begin(rank: 3, _second);
        Store(_second);

        Tell(new EndUnfinished(2, 0, [3]));

        Assert.False(Settled().IsCommitted);
    }

    [Fact]
    public void WorldChange_SaysWhichAttemptsEnd()
    {
        Begin(rank: 2, _first);
        Begin(rank: 3, _second);

        Tell(new EndUnfinished(2, 0, [2, 3]));
        Assert.Empty(Answer<UnfinishedEnded>().Steps.AsEnumerable());
        Tell(new EndUnfinished(3, 0, [3]));
        Assert.Equal([Step], Answer<UnfinishedEnded>().Steps.AsEnumerable());
        Tell(new EndUnfinished(4, 0, [3]));
        Assert.Empty(Answer<UnfinishedEnded>().Steps.AsEnumerable());
    }

    [Fact]
    public void WorldChange_WhileRanksCopyTheState_WhatTheyBeginLaterOfItIsOver()
    {
        Tell(new EndUnfinished(2, 0, [2], Staging: Step));
        Assert.Equal([Step], Answer<UnfinishedEnded>().Steps.AsEnumerable());

        Begin(rank: 2, _first);
        Store(_first);

        Assert.False(Settled().IsCommitted);
        Tell(new GetCheckpointsStatus());
        Assert.Empty(Answer<CheckpointsStatus>().Begun);
    }

    [Fact]
    public void WorldChange_AfterAStepIsCommitted_DoesNotEndItsCheckpoint()
    {
        Begin(rank: 2, _first);
        Begin(rank: 3, _second);
        Store(_first);
        Store(_second);
        Assert.True(Settled().IsCommitted);

        Tell(new EndUnfinished(2, 0, [2, 3], Staging: Step));

        Assert.Empty(Answer<UnfinishedEnded>().Steps.AsEnumerable());
    }

    [Fact]
    public void WorldChange_SomeShardsWereNeverBegun_TheAttemptEnds()
    {
        Begin(rank: 2, _first);
        Store(_first);

        Tell(new EndUnfinished(2, 0, [2, 3]));

        Assert.False(Settled().IsCommitted);
    }

    [Fact]
    public void WorldChange_ToANewTimeline_TheAttemptEndsWhoeverLives()
    {
        Begin(rank: 2, _first);
        Begin(rank: 3, _second);
        Store(_first);

        Tell(new EndUnfinished(2, 1, [2, 3]));

        Assert.False(Settled().IsCommitted);
    }

    [Fact]
    public void Begin_OfAnAttemptThatIsOver_DoesNotBeginItAgain()
    {
        Begin(rank: 2, _first);
        Tell(new CheckpointFailed(0, Step, 1, "no room"));
        Assert.False(Settled().IsCommitted);

        Begin(rank: 3, _second);
        Tell(new GetCheckpointsStatus());

        Assert.Empty(Answer<CheckpointsStatus>().Begun);
    }

    private void Begin(int rank, int[] shards) => Tell(new BeginCheckpoint(0, Step, 1, rank, [.. shards]));

    private void Store(int[] shards)
    {
        List<ShardEntry> entries = [];
        foreach (int shard in shards)
        {
            byte[] content = [(byte)shard, 1, 2];
            string name = $"shards/{shard}-{shard:x64}.safetensors";
            _harness.Store.PutIfAbsent(name, s => s.Write(content));
            entries.Add(new ShardEntry(shard, name, $"{shard:x64}", content.Length));
        }

        Tell(new ShardsStored(0, Step, 1, Facts, entries));
    }

    private void Tell(object message) => _coordinator.Tell(message, _reporter);

    private CheckpointSettled Settled() => Answer<CheckpointSettled>();

    private T Answer<T>()
    {
        while (_answers.TryTake(out object? answer, Patience))
        {
            if (answer is T found)
            {
                return found;
            }
        }

        throw new TimeoutException($"no {typeof(T).Name}");
    }
}

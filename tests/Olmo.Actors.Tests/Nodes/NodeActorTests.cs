using System.Collections.Concurrent;
using System.Collections.Immutable;
using Olmo.Actors.Links;
using Olmo.Actors.Nodes;
using Olmo.Actors.Runs;
using Olmo.Actors.Tests.Runs;
using Olmo.Runtime.Actor;
using Olmo.Runtime.Hosting;

namespace Olmo.Actors.Tests.Nodes;

/// <summary>What a node does with its children; the links are a recorder, the processes fakes.</summary>
public sealed class NodeActorTests : IDisposable
{
    private const int Unfit = 5;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly RecoveryTimes None = new(default, default, default, default, default, default, default, default, default, default);
    private readonly ActorSystem _system = new ActorSystemOptions().CreateSystem("node");
    private readonly FakeLauncher _launcher = new();
    private readonly BlockingCollection<object> _links = [];
    private readonly BlockingCollection<object> _events = [];
    private readonly IActorRef _linksRecorder;
    private IReadOnlyDictionary<int, int> _convictions = ImmutableDictionary<int, int>.Empty; // kept beyond the life of a node
    private int _number;

    public NodeActorTests()
    {
        _linksRecorder = _system.ActorOf(Props.Create(() => new EventRecorder(_links)), "links");
        IActorRef events = _system.ActorOf(Props.Create(() => new EventRecorder(_events)));
        _system.EventStream.Subscribe(events, typeof(ProcessChanged));
        _system.EventStream.Subscribe(events, typeof(NodeFailed));
    }

    public void Dispose()
    {
        _system.Dispose();
        _links.Dispose();
        _events.Dispose();
    }

    [Fact]
    public void Node_Starts_CoordinatorAndTargetRanks()
    {
        Start(target: 2);

        Await(() => _launcher.Started.Count == 3);
        Assert.Equal(["coordinator 1 slot 0", "rank 2 slot 0", "rank 3 slot 1"], _launcher.Started.Select(c => c.Name));
    }

    [Fact]
    public void Coordinator_Ends_IsReplacedAtOnceAndRanksAreLeftAlone()
    {
        Start(target: 1);
        Await(() => _launcher.Started.Count == 2);

        _launcher.Started[0].End(new ProcessExit(null, 9));

        Await(() => _launcher.Started.Count == 3);
        Assert.Equal("coordinator 3 slot 0", _launcher.Started[2].Name);
        Assert.False(_launcher.Started[1].HasEnded);
    }

    [Fact]
    public void Rank_Ends_TheCoordinatorHearsHowAndTheSlotIsFilled()
    {
        IActorRef node = Start(target: 2);
        Await(() => _launcher.Started.Count == 3);
        node.Tell(new ProcessReady(3, 1002, TimeSpan.FromSeconds(1), 1), ActorRefs.NoSender);

        _launcher.Started[1].End(new ProcessExit(null, 9));

        Assert.Equal(new ProcessEnded(2, null, 9), NextSent<ProcessEnded>());
        Await(() => _launcher.Started.Count == 4);
        Assert.Equal("rank 4 slot 0", _launcher.Started[3].Name);
        Assert.Equal([new RankProcess(3, true, false), new RankProcess(4, false, false)], NextList(l => l.Ranks.Any(r => r.Rank == 4)).Ranks);
    }

    [Fact]
    public void Rank_EndsWhileOthersLive_IsReplacedWhenTheWorldHasRecovered()
    {
        IActorRef node = Start(target: 2, delay: TimeSpan.FromHours(1));
        Await(() => _launcher.Started.Count == 3);
        node.Tell(new ProcessReady(2, 1001, TimeSpan.FromSeconds(1), 1), ActorRefs.NoSender);
        node.Tell(new ProcessReady(3, 1002, TimeSpan.FromSeconds(1), 1), ActorRefs.NoSender);

        NextList(l => l.Ranks.Count(r => r.IsReady) == 2);
        _launcher.Started[1].End(new ProcessExit(null, 9));

        Assert.Equal([3], NextList(l => l.Ranks.Count == 1).Ranks.Select(r => r.Rank));
        Assert.Equal(3, _launcher.Started.Count);
        _system.EventStream.Publish(new WorldRecovered(2, RecoveryKind.PartialBase, [3], [2], 1, 1, 0, 0, 0, 1, default, None, ""));
        Await(() => _launcher.Started.Count == 4);
        Assert.Equal("rank 4 slot 0", _launcher.Started[3].Name);
    }

    [Fact]
    public void Rank_EndsAndTheWorldDoesNotRecover_IsReplacedWhenTheDelayIsOver()
    {
        IActorRef node = Start(target: 2, delay: TimeSpan.FromMilliseconds(50));
        Await(() => _launcher.Started.Count == 3);
        node.Tell(new ProcessReady(2, 1001, TimeSpan.FromSeconds(1), 1), ActorRefs.NoSender);
        node.Tell(new ProcessReady(3, 1002, TimeSpan.FromSeconds(1), 1), ActorRefs.NoSender);

        NextList(l => l.Ranks.Count(r => r.IsReady) == 2);
        _launcher.Started[1].End(new ProcessExit(null, 9));

        Await(() => _launcher.Started.Count == 4);
    }

    [Fact]
    public void Rank_TheLastOneThatWasReadyEnds_IsReplacedAtOnce()
    {
        IActorRef node = Start(target: 2, delay: TimeSpan.FromHours(1));
        Await(() => _launcher.Started.Count == 3);
        node.Tell(new ProcessReady(2, 1001, TimeSpan.FromSeconds(1), 1), ActorRefs.NoSender);
        NextList(l => l.Ranks.Count(r => r.IsReady) == 1);

        _launcher.Started[1].End(new ProcessExit(null, 9));

        Await(() => _launcher.Started.Count == 4);
    }

    [Fact]
    public void Rank_EndsWithoutRespawn_IsReplacedOnlyOnRequest()
    {
        IActorRef node = Start(target: 2, respawns: false);
        Await(() => _launcher.Started.Count == 3);

        _launcher.Started[1].End(new ProcessExit(1, null));
        Assert.Equal([3], NextList(l => l.Ranks.Count == 1).Ranks.Select(r => r.Rank));
        Assert.Equal(3, _launcher.Started.Count);

        node.Tell(new StartProcesses(3), ActorRefs.NoSender);
        Await(() => _launcher.Started.Count == 5);
        Assert.Equal(["rank 4 slot 0", "rank 5 slot 2"], _launcher.Started.Skip(3).Select(c => c.Name));
    }

    [Fact]
    public void Ranks_ThatNeverGetReady_FailTheNodeWhenTheBudgetIsSpent()
    {
        Start(target: 1);

        for (int i = 0; i < 3; i++)
        {
            Await(() => _launcher.Started.Count == 2 + i);
            _launcher.Started[1 + i].End(new ProcessExit(2, null));
        }

        Assert.Contains("3 processes of role Rank in a row", Next<NodeFailed>().Reason, StringComparison.Ordinal);
        Assert.Equal(4, _launcher.Started.Count);
    }

    [Fact]
    public void Child_WithAMistakeThatNoRestartMends_FailsTheNodeAtOnce()
    {
        Start(target: 1);
        Await(() => _launcher.Started.Count == 2);

        _launcher.Started[0].End(new ProcessExit(77, null));

        Assert.Equal("Coordinator 1 ended with exit code 77: a mistake that another start does not mend", Next<NodeFailed>().Reason);
        Assert.Equal(2, _launcher.Started.Count);
    }

    [Fact]
    public void Coordinator_SilentForLong_IsKilledOnlyWhereTheSettingsSaySo()
    {
        IActorRef patient = Start(target: 0);
        Await(() => _launcher.Started.Count == 1);
        _system.EventStream.Publish(new EndpointSilent("coordinator", 1, TimeSpan.FromHours(1)));
        Assert.Equal("is silent: frozen or starved", NextChange("is silent"));
        Assert.False(_launcher.Started[0].HasEnded);
        patient.GracefulStop(Patience).Wait(Patience);

        Start(target: 0, frozen: TimeSpan.FromSeconds(10), name: "strict");
        Await(() => _launcher.Started.Count == 2);
        _system.EventStream.Publish(new EndpointSilent("coordinator", 2, TimeSpan.FromSeconds(11)));
        Await(() => _launcher.Started.Count == 3);
        Assert.True(_launcher.Started[1].HasEnded);
    }

    [Fact]
    public void KillProcess_KillsThatRankAlone()
    {
        IActorRef node = Start(target: 2);
        Await(() => _launcher.Started.Count == 3);

        node.Tell(new KillProcess(3, "hung"), ActorRefs.NoSender);
        node.Tell(new KillProcess(1, "the coordinator is no rank"), ActorRefs.NoSender);

        Assert.Equal(new ProcessEnded(3, null, 9), NextSent<ProcessEnded>());
        Assert.False(_launcher.Started[0].HasEnded);
        Assert.False(_launcher.Started[1].HasEnded);
    }

    [Fact]
    public void RequestStop_IsToldToEverySuccessorOfTheCoordinator()
    {
        IActorRef node = Start(target: 0);
        Await(() => _launcher.Started.Count == 1);
        node.Tell(new RequestStop("signal"), ActorRefs.NoSender);
        Assert.Equal(new RequestStop("signal"), NextSent<RequestStop>());

        _launcher.Started[0].End(new ProcessExit(null, 9));
        Await(() => _launcher.Started.Count == 2);
        node.Tell(new SupervisorUp(2), ActorRefs.NoSender);

        Assert.Equal(new RequestStop("signal"), NextSent<RequestStop>());
    }

    [Fact]
    public void CloseNode_AsksEveryChildThenKillsThoseThatStay()
    {
        IActorRef node = Start(target: 1, grace: TimeSpan.FromMilliseconds(100));
        Await(() => _launcher.Started.Count == 2);
        node.Tell(new CloseNode("over"), ActorRefs.NoSender);
        HashSet<string> asked = [NextEnd(), NextEnd()];
        Assert.Equal(["coordinator/user/process", "rank-2/user/process"], asked.Order());

        _launcher.Started[0].End(new ProcessExit(0, null));

        Assert.True(node.WatchAsync().Wait(Patience));
        Assert.True(_launcher.Started[1].HasEnded);
        Assert.Equal(2, _launcher.Started.Count);
    }

    [Fact]
    public void Node_Stops_NoChildOutlivesIt()
    {
        IActorRef node = Start(target: 2);
        Await(() => _launcher.Started.Count == 3);

        Assert.True(node.GracefulStop(Patience).Wait(Patience));

        Assert.All(_launcher.Started, c => Assert.True(c.HasEnded));
    }

    [Fact]
    public void Rank_SilentForLong_IsKilledOnlyWhereTheSettingsSaySo()
    {
        IActorRef patient = Start(target: 1);
        Await(() => _launcher.Started.Count == 2);
        _system.EventStream.Publish(new EndpointSilent("rank-2", 2, TimeSpan.FromHours(1)));
        Assert.Equal("is silent: frozen or starved", NextChange("is silent"));
        Assert.False(_launcher.Started[1].HasEnded);
        patient.GracefulStop(Patience).Wait(Patience);

        Start(target: 1, frozenRank: TimeSpan.FromSeconds(10), name: "strict");
        Await(() => _launcher.Started.Count == 4);
        _system.EventStream.Publish(new EndpointSilent("rank-4", 4, TimeSpan.FromSeconds(11)));
        Await(() => _launcher.Started.Count == 5);
        Assert.True(_launcher.Started[3].HasEnded);
        Assert.False(_launcher.Started[2].HasEnded);
    }

    [Fact]
    public void Rank_HeardAgainInTime_IsNotKilled()
    {
        Start(target: 2, frozenRank: TimeSpan.FromSeconds(10));
        Await(() => _launcher.Started.Count == 3);
        _system.EventStream.Publish(new EndpointSilent("rank-2", 2, TimeSpan.FromSeconds(9.9)));
        _system.EventStream.Publish(new EndpointHeard("rank-2", 2));
        _system.EventStream.Publish(new EndpointSilent("rank-3", 3, TimeSpan.FromSeconds(9.9)));

        Await(() => _launcher.Started[2].HasEnded);

        Assert.False(_launcher.Started[1].HasEnded);
    }

    [Fact]
    public void Rank_FailsItsSelfTestTwiceInAPlace_ThePlaceIsNotUsedAThirdTime()
    {
        Start(target: 1);
        Await(() => _launcher.Started.Count == 2);

        _launcher.Started[1].End(new ProcessExit(Unfit, null));
        Assert.Equal("failed its self-test, time 1 in place 0", NextChange("failed"));
        Await(() => _launcher.Started.Count == 3);
        _launcher.Started[2].End(new ProcessExit(Unfit, null));
        Assert.Equal("failed its self-test, time 2 in place 0, which is not used any more", NextChange("failed"));

        Await(() => _launcher.Started.Count == 4);
        Assert.Equal(["rank 2 slot 0", "rank 3 slot 0", "rank 4 slot 1"], _launcher.Started.Skip(1).Select(c => c.Name));
    }

    [Fact]
    public void KillProcess_OfAConvicted_BarsItsPlace()
    {
        IActorRef node = Start(target: 2);
        Await(() => _launcher.Started.Count == 3);

        node.Tell(new KillProcess(3, "computed wrong", BarsPlace: true), ActorRefs.NoSender);

        Assert.Equal("computed wrong: place 1 is not used for 00:10:00, time 1", NextChange("computed wrong"));
        Await(() => _launcher.Started.Count == 4);
        Assert.Equal("rank 4 slot 2", _launcher.Started[3].Name);
    }

    [Fact]
    public void KillProcess_OfAConvictedInAPlaceOfAConvicted_QuarantinesThePlaceAlsoForTheNextNode()
    {
        IActorRef node = Start(target: 2, rest: TimeSpan.Zero);
        Await(() => _launcher.Started.Count == 3);
        node.Tell(new KillProcess(3, "computed wrong", BarsPlace: true), ActorRefs.NoSender);
        Await(() => _launcher.Started.Count == 4);

        node.Tell(new KillProcess(4, "computed wrong", BarsPlace: true), ActorRefs.NoSender);

        Assert.Equal("computed wrong: place 1 is quarantined and not used any more, time 2", NextChange("computed wrong: place 1 is quarantined"));
        Await(() => _launcher.Started.Count == 5);
        Start(target: 2, name: "next");
        Await(() => _launcher.Started.Count == 8);
        Assert.Equal(["rank 4 slot 1", "rank 5 slot 2"], _launcher.Started.Skip(3).Take(2).Select(c => c.Name));
        Assert.Equal(["rank 7 slot 0", "rank 8 slot 2"], _launcher.Started.Skip(6).Select(c => c.Name));
    }

    [Fact]
    public void KillProcess_OfTheSameConvictedTwice_CountsOnce()
    {
        IActorRef node = Start(target: 2, rest: TimeSpan.Zero);
        Await(() => _launcher.Started.Count == 3);

        node.Tell(new KillProcess(3, "computed wrong", BarsPlace: true), ActorRefs.NoSender);
        node.Tell(new KillProcess(3, "computed wrong", BarsPlace: true), ActorRefs.NoSender);

        Await(() => _launcher.Started.Count == 4);
        Assert.Equal("rank 4 slot 1", _launcher.Started[3].Name);
    }

    private IActorRef Start(int target, bool respawns = true, TimeSpan? frozen = null, TimeSpan? grace = null, string name = "node", TimeSpan? frozenRank = null, TimeSpan delay = default, TimeSpan? rest = null)
    {
        NodeSettings settings = new(
            target, respawns, frozen, 2, 77, grace ?? Patience, () => ++_number,
            (role, number, slot, _) => new ProcessStart([role is ProcessRole.Rank ? "rank" : "coordinator", $"{number}", "slot", $"{slot}"], new Dictionary<string, string>(), ""))
        {
            ReplacementDelay = delay,
            UnfitExitCode = Unfit,
            FrozenRank = frozenRank,
            ConvictedRest = rest ?? TimeSpan.FromMinutes(10),
            MaxConvictions = 2,
            Convictions = _convictions,
            KeepConvictions = kept => _convictions = kept.ToImmutableDictionary(),
        };
        return _system.ActorOf(Props.Create(() => new NodeActor(settings, _launcher, _linksRecorder)), name);
    }

    private static void Await(Func<bool> condition) => Assert.True(SpinWait.SpinUntil(condition, Patience));

    private T Next<T>()
    {
        while (_events.TryTake(out object? item, Patience))
        {
            if (item is T found)
            {
                return found;
            }
        }

        throw new TimeoutException($"no {typeof(T).Name}");
    }

    private string NextChange(string what)
    {
        while (true)
        {
            if (Next<ProcessChanged>().What is var found && found.StartsWith(what, StringComparison.Ordinal))
            {
                return found;
            }
        }
    }

    private T NextSent<T>()
    {
        while (_links.TryTake(out object? item, Patience))
        {
            if (item is SendToRemote { Message: T found })
            {
                return found;
            }
        }

        throw new TimeoutException($"no {typeof(T).Name} was sent");
    }

    private string NextEnd()
    {
        while (_links.TryTake(out object? item, Patience))
        {
            if (item is SendToRemote { Message: EndProcess } end)
            {
                return end.Address;
            }
        }

        throw new TimeoutException("no child was asked to end");
    }

    private ProcessList NextList(Func<ProcessList, bool> wanted)
    {
        while (true)
        {
            ProcessList list = NextSent<ProcessList>();
            if (wanted(list))
            {
                return list;
            }
        }
    }
}

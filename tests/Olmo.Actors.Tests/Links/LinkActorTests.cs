using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Olmo.Actors.Links;
using Olmo.Actors.Ranks;
using Olmo.Actors.Runs;
using Olmo.Actors.Tests.Runs;
using Olmo.Runtime.Actor;
using Olmo.Runtime.Hosting;

namespace Olmo.Actors.Tests.Links;

/// <summary>Actors of two systems that speak through hub and endpoint by Tell and Sender alone.</summary>
public sealed class LinkActorTests : IDisposable
{
    private static readonly byte[] Secret = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
    private readonly LinkHub _hub = new("node", Secret, LinkSettings.Default, TimeProvider.System, RandomNumberGenerator.Fill);
    private readonly LinkEndpoint _endpoint;
    private readonly ActorSystem _node = new ActorSystemOptions().CreateSystem("node");
    private readonly ActorSystem _rank = new ActorSystemOptions().CreateSystem("rank");
    private readonly IActorRef _nodeLinks;
    private readonly IActorRef _rankLinks;
    private readonly BlockingCollection<object> _atNode = [];
    private readonly IActorRef _nodeRecorder;

    public LinkActorTests()
    {
        _endpoint = new LinkEndpoint("rank-1", 1, _hub.Port, Secret, LinkSettings.Default, TimeProvider.System, RandomNumberGenerator.Fill);
        _nodeLinks = _node.ActorOf(Props.Create(() => new LinkActor(_hub)), "links");
        _nodeRecorder = _node.ActorOf(Props.Create(() => new EventRecorder(_atNode)), "supervisor");
        _node.EventStream.Subscribe(_nodeRecorder, typeof(EndpointUp));
        _node.EventStream.Subscribe(_nodeRecorder, typeof(MessageRefused));
        _rankLinks = _rank.ActorOf(Props.Create(() => new LinkActor(_endpoint)), "links");
        Assert.Equal(new EndpointUp("rank-1", 1), Take());
    }

    public void Dispose()
    {
        _endpoint.Dispose();
        _hub.Dispose();
        _rank.Dispose();
        _node.Dispose();
        _atNode.Dispose();
    }

    [Fact]
    public void Tell_ThroughARemoteActor_ArrivesWithASenderThatCanBeAnswered()
    {
        IActorRef target = _rank.ActorOf(Props.Create(() => new Answering()), "rank");
        _rankLinks.Tell(new Publish(target));
        IActorRef remote = _node.ActorOf(Props.Create(() => new RemoteActor(_nodeLinks, "rank-1/user/rank")));

        remote.Tell(new Adopt(_nodeRecorder, _nodeRecorder), _nodeRecorder);

        // One answer by Sender, one by each handle that came inside the message.
        Assert.Equal(new RankReady(1, 10, 0), Take());
        Assert.Equal(new RankReady(2, 20, 0), Take());
        Assert.Equal(new RankReady(3, 30, 0), Take());
    }

    [Fact]
    public void Message_OfAnUnknownContract_IsRefusedByNameAndTheLinkStays()
    {
        _rankLinks.Tell(new Publish(_rank.ActorOf(Props.Create(() => new Answering()), "rank")));
        _nodeLinks.Tell(new Publish(_nodeRecorder));
        IActorRef toNode = _rank.ActorOf(Props.Create(() => new RemoteActor(_rankLinks, "node/user/supervisor")));

        toNode.Tell(new RequestStop("before"), ActorRefs.NoSender);
        Assert.Equal(new RequestStop("before"), Take());
        _endpoint.Send(new LinkEnvelope("node/user/supervisor", "rank-1", "system.process:1", Encoding.UTF8.GetBytes("""{"file":"x"}""")));
        Assert.Equal(("rank-1", "system.process:1"), Take() is MessageRefused r ? (r.From, r.Manifest) : default);
        _endpoint.Send(new LinkEnvelope("node/user/supervisor", "rank-1", "run.request-stop:1", Encoding.UTF8.GetBytes("""{"by":"x","more":1}""")));
        Assert.Contains("more", Assert.IsType<MessageRefused>(Take()).Reason, StringComparison.Ordinal);
        toNode.Tell(new RequestStop("after"), ActorRefs.NoSender);
        Assert.Equal(new RequestStop("after"), Take());
    }

    [Fact]
    public void Actor_ThatIsNotPublished_CannotBeReached()
    {
        IActorRef hidden = _node.ActorOf(Props.Create(() => new EventRecorder(_atNode)), "hidden");
        _nodeLinks.Tell(new Publish(_nodeRecorder));
        _rankLinks.Tell(new SendToRemote("node/user/hidden", new RequestStop("to the hidden one")), ActorRefs.NoSender);
        _rankLinks.Tell(new SendToRemote("node/user/supervisor", new RequestStop("first")), ActorRefs.NoSender);
        Assert.Equal(new RequestStop("first"), Take());

        _nodeLinks.Tell(new Publish(hidden));
        _rankLinks.Tell(new SendToRemote("node/user/hidden", new RequestStop("second")), ActorRefs.NoSender);
        Assert.Equal(new RequestStop("second"), Take());
    }

    private object Take() => _atNode.TryTake(out object? item, TimeSpan.FromSeconds(30)) ? item : throw new TimeoutException("nothing came");

    private sealed class Answering : ReceiveActor
    {
        public Answering() => Receive<Adopt>(m =>
        {
            Sender.Tell(new RankReady(1, 10, 0));
            m.Supervisor.Tell(new RankReady(2, 20, 0));
            m.Checkpoints.Tell(new RankReady(3, 30, 0));
        });
    }
}

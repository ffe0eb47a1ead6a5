using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Olmo.Actors.Links;
using Olmo.Actors.Tests.Drills;
using Olmo.TestKit.VirtualTime;
using static Olmo.Actors.Tests.Links.LinkRecorder;

namespace Olmo.Actors.Tests.Links;

/// <summary>Hub and endpoints over real sockets of loopback.</summary>
public sealed class LinkTests : IDisposable
{
    private static readonly byte[] Secret = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
    private readonly LinkSettings _settings = LinkSettings.Default;
    private readonly VirtualTimeProvider _time = new();
    private readonly LinkRecorder _node = new();
    private readonly LinkHub _hub;
    private readonly List<IDisposable> _open = [];

    public LinkTests()
    {
        _hub = new LinkHub("node", Secret, _settings, _time, RandomNumberGenerator.Fill);
        _hub.Start(_node);
    }

    public void Dispose()
    {
        _hub.Dispose();
        _open.ForEach(o => o.Dispose());
    }

    [Fact]
    public void Envelope_BetweenTwoEndpoints_IsRoutedByName()
    {
        (LinkEndpoint rank, LinkRecorder atRank) = Join("rank-2", 2);
        (LinkEndpoint coordinator, LinkRecorder atCoordinator) = Join("coordinator", 1);
        AwaitUp("coordinator");

        rank.Send(Text("coordinator/user/run", "rank-2/user/rank", "hello"));
        LinkEnvelope got = Take(atCoordinator.Envelopes);
        Assert.Equal(("coordinator/user/run", "rank-2/user/rank", "test.text:1", "hello"), (got.To, got.From, got.Manifest, TextOf(got)));

        coordinator.Send(Text(got.From, got.To, "back"));
        Assert.Equal("back", TextOf(Take(atRank.Envelopes)));

        rank.Send(Text("node/user/node", "rank-2/user/rank", "to the hub itself"));
        Assert.Equal("to the hub itself", TextOf(Take(_node.Envelopes)));
    }

    [Fact]
    public void Envelopes_BetweenOnePair_KeepTheirOrder()
    {
        (LinkEndpoint rank, _) = Join("rank-2", 2);
        (_, LinkRecorder atCoordinator) = Join("coordinator", 1);
        AwaitUp("coordinator");

        for (int i = 0; i < 2000; i++)
        {
            rank.Send(Text("coordinator/user/run", "rank-2/user/rank", $"{i}"));
        }

        for (int i = 0; i < 2000; i++)
        {
            Assert.Equal($"{i}", TextOf(Take(atCoordinator.Envelopes)));
        }
    }

    [Fact]
    public void Send_ToAnAbsentEndpoint_IsDroppedAndNamed()
    {
        _hub.Send(Text("coordinator/user/run", "node", "lost"));

        (LinkEnvelope envelope, string reason) = Take(_node.Dropped);
        Assert.Equal("lost", TextOf(envelope));
        Assert.Equal("endpoint 'coordinator' is not connected", reason);
    }

    [Fact]
    public void Successor_UnderTheSameName_TakesThePlaceAndTheMessages()
    {
        (_, LinkRecorder atFirst) = Join("coordinator", 1);
        (_, LinkRecorder atSecond) = Join("coordinator", 4);

        Assert.Equal(new EndpointUp("coordinator", 1), Take(_node.Presence));
        Assert.Equal(new EndpointDown("coordinator", 1, "a successor has its name"), Take(_node.Presence));
        Assert.Equal(new EndpointUp("coordinator", 4), Take(_node.Presence));
        _hub.Send(Text("coordinator/user/run", "node", "for the newest"));
        Assert.Equal("for the newest", TextOf(Take(atSecond.Envelopes)));
        Assert.Contains("refused: a newer process has the name 'coordinator'", atFirst.Next<LinkLost>().Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Endpoint_Closes_HubSaysDownWithItsIncarnation()
    {
        (LinkEndpoint rank, _) = Join("rank-7", 7);

        rank.Dispose();

        Assert.Equal(("rank-7", 7L), _node.Next<EndpointDown>() is var down ? (down.Endpoint, down.Incarnation) : default);
    }

    [Fact]
    public void Hub_Closes_EndpointSaysThatTheNodeIsGone()
    {
        (_, LinkRecorder atRank) = Join("rank-7", 7);

        _hub.Dispose();

        atRank.Next<LinkLost>();
    }

    [Fact]
    public void Handshake_WrongSecret_IsRefusedByBothSides()
    {
        byte[] wrong = [.. Secret.Reverse()];
        LinkEndpoint endpoint = new("rank-1", 1, _hub.Port, wrong, _settings, _time, RandomNumberGenerator.Fill);

        LinkException refused = Assert.Throws<LinkException>(() => endpoint.Start(new LinkRecorder()));

        Assert.Equal("the hub does not know the secret of this node", refused.Message);
        using TcpClient client = new();
        client.Connect(IPAddress.Loopback, _hub.Port);
        byte[] hello = [.. "OLML"u8, 1, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, .. new byte[32], .. "rank-9"u8];
        client.GetStream().Write(LinkFrame.Encode(LinkFrameKind.Hello, hello));
        Assert.Equal(LinkFrameKind.Challenge, LinkFrame.Read(client.GetStream(), 512).Kind);
        client.GetStream().Write(LinkFrame.Encode(LinkFrameKind.Proof, new byte[32]));
        AssertRefused(client, "the endpoint does not know the secret of this node");
    }

    [Fact]
    public void Handshake_AnotherVersion_IsRefusedWithBothVersions()
    {
        using TcpClient client = new();
        client.Connect(IPAddress.Loopback, _hub.Port);
        client.GetStream().Write(LinkFrame.Encode(LinkFrameKind.Hello, [.. "OLML"u8, 9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, .. new byte[32], .. "rank-1"u8]));

        AssertRefused(client, "protocol version 9, this node speaks 1");
    }

    [Fact]
    public void Frame_OverTheLimit_ClosesTheConnectionBeforeItIsRead()
    {
        using TcpClient client = new();
        client.Connect(IPAddress.Loopback, _hub.Port);

        client.GetStream().Write([0xFF, 0xFF, 0xFF, 0x7F, (byte)LinkFrameKind.Hello]);

        Assert.Equal(0, client.GetStream().Read(new byte[1]));
    }

    [Fact]
    public void Peer_ThatAnswersNothing_IsSilentNotDown_AndHeardAgain()
    {
        using TcpClient client = new();
        client.Connect(IPAddress.Loopback, _hub.Port);
        NetworkStream stream = client.GetStream();
        LinkHandshake.Join(stream, Secret, "rank-3", 3, RandomNumberGenerator.Fill);

        Assert.Equal(new EndpointUp("rank-3", 3), Take(_node.Presence));
        _time.Advance(_settings.Heartbeat + _settings.Silence - TimeSpan.FromMilliseconds(1)); // asked at the first beat
        Assert.Empty(_node.Presence);
        _time.Advance(_settings.Heartbeat);
        Assert.Equal(new EndpointSilent("rank-3", 3, _settings.Silence), Take(_node.Presence));

        stream.Write(LinkFrame.Encode(LinkFrameKind.Pong, []));
        Assert.Equal(new EndpointHeard("rank-3", 3), _node.Next<EndpointHeard>());
    }

    [Fact]
    public void Link_LostWithoutAnEnd_IsSilentAndANewOneWorks()
    {
        LosingDrill drill = new();
        LinkRecorder atRank = new();
        using LinkEndpoint rank = new("rank-2", 2, _hub.Port, Secret, _settings, _time, RandomNumberGenerator.Fill, drill);
        rank.Start(atRank);
        rank.Send(Text("node/user/node", "rank-2/user/rank", "before"));
        Assert.Equal("before", TextOf(Take(_node.Envelopes)));

        drill.Lose();
        rank.Send(Text("node/user/node", "rank-2/user/rank", "lost"));

        _time.Advance(_settings.Heartbeat + _settings.Silence);
        Assert.Equal("rank-2", _node.Next<EndpointSilent>().Endpoint);
        Assert.Empty(_node.Envelopes);
        using LinkEndpoint next = new("rank-2", 3, _hub.Port, Secret, _settings, _time, RandomNumberGenerator.Fill, drill);
        next.Start(new LinkRecorder());
        next.Send(Text("node/user/node", "rank-2/user/rank", "after"));
        Assert.Equal("after", TextOf(Take(_node.Envelopes)));
    }

    [Fact]
    public void Queue_OfAPeerThatDoesNotRead_IsBounded()
    {
        LinkRecorder node = new();
        using LinkHub hub = new("node", Secret, _settings with { MaxQueuedBytes = 1 << 20 }, _time, RandomNumberGenerator.Fill);
        hub.Start(node);
        using TcpClient client = new();
        client.Connect(IPAddress.Loopback, hub.Port);
        LinkHandshake.Join(client.GetStream(), Secret, "rank-3", 3, RandomNumberGenerator.Fill);
        Take(node.Presence);
        string body = new('x', 1 << 16);

        for (int i = 0; i < 1000 && node.Dropped.Count == 0; i++)
        {
            hub.Send(Text("rank-3/user/rank", "node", body));
        }

        Assert.Contains("does not read", Take(node.Dropped).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Endpoint_ThatSpeaksAsSomebodyElse_IsNotPassedOn()
    {
        (LinkEndpoint rank, _) = Join("rank-2", 2);

        rank.Send(Text("node/user/node", "coordinator/user/run", "forged"));

        Assert.Equal("'rank-2' sent it as somebody else", Take(_node.Dropped).Reason);
        Assert.Empty(_node.Envelopes);
    }

    private static void AssertRefused(TcpClient client, string reason)
    {
        (LinkFrameKind kind, byte[] payload) = LinkFrame.Read(client.GetStream(), 512);
        Assert.Equal((LinkFrameKind.Refused, reason), (kind, System.Text.Encoding.UTF8.GetString(payload)));
    }

    // An endpoint that joined is reached once the hub has entered it; what is sent to it before that is dropped.
    private void AwaitUp(string name)
    {
        while (_node.Next<EndpointUp>().Endpoint != name)
        {
        }
    }

    private (LinkEndpoint Endpoint, LinkRecorder Recorder) Join(string name, long incarnation)
    {
        LinkRecorder recorder = new();
        LinkEndpoint endpoint = new(name, incarnation, _hub.Port, Secret, _settings, _time, RandomNumberGenerator.Fill);
        endpoint.Start(recorder);
        _open.Add(endpoint);
        return (endpoint, recorder);
    }
}

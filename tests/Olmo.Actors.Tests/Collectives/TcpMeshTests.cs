using System.Net;
using System.Net.Sockets;
using Olmo.Actors.Collectives;
using Olmo.Actors.Tests.Drills;
using Olmo.TestKit.VirtualTime;

namespace Olmo.Actors.Tests.Collectives;

/// <summary>The contract over TCP on loopback, and what only sockets can do.</summary>
public sealed class TcpMeshTests : MeshConformanceTests
{
    private protected override MeshWorld Open(int size, MeshSettings? settings = null) => new TcpWorld(size, settings).OpenAll();

    [Fact]
    public void Open_SecondGenerationOnTheSameListeners_Works()
    {
        using TcpWorld tcp = new(3);
        using (MeshWorld first = tcp.OpenAllKeepingListeners(7))
        {
            first.OnAll(mesh => mesh.Group(0, [0, 1, 2]).Barrier());
        }

        using MeshWorld second = tcp.OpenAllKeepingListeners(8);
        second.OnAll(mesh => mesh.Group(0, [0, 1, 2]).Barrier());

        Assert.All(second.Meshes, m => Assert.Null(m.Error));
    }

    [Fact]
    public void Links_LostWithoutAnEnd_AreSilentOnBothSidesAndANewMeshWorks()
    {
        LosingDrill drill = new();
        VirtualTimeProvider time = new();
        using TcpWorld tcp = new(2, new MeshSettings { Drill = drill }, time);
        using (MeshWorld world = tcp.OpenAllKeepingListeners(7))
        {
            world.OnAll(mesh => mesh.Group(0, [0, 1]).Barrier());

            drill.Lose();

            // A link notices that it is lost with the first byte that it would read or write; the clock moves on until both have, and have waited.
            Assert.True(SpinWait.SpinUntil(
                () =>
                {
                    time.Advance(MeshTimeouts.Default.Heartbeat);
                    return world.Meshes.All(m => m.Error is not null);
                },
                MeshWorld.Patience));
            Assert.Equal([MeshErrorKind.PeerSilent, MeshErrorKind.PeerSilent], world.Meshes.Select(m => MeshWorld.ErrorOf(m).Kind));
        }

        using MeshWorld next = tcp.OpenAllKeepingListeners(8);
        next.OnAll(mesh => mesh.Group(0, [0, 1]).Barrier());
    }

    [Fact]
    public void Open_NobodyListens_FailsAtOnceAndNamesThePosition()
    {
        using TcpWorld tcp = new(2);
        tcp.Listeners[0].Dispose();

        MeshException thrown = Assert.Throws<MeshException>(() => tcp.Open(TcpWorld.Identity(1)));

        Assert.Equal((MeshErrorKind.PeerLost, 0), (thrown.Error.Kind, thrown.Error.Culprit));
    }

    [Fact]
    public void Open_Cancelled_EndsInAcceptAndInDial()
    {
        using TcpWorld tcp = new(2);
        using CancellationTokenSource cancel = new();
        using CancellationTokenSource cancelDial = new();
        Task<IMesh> accepting = tcp.OpenAsync(TcpWorld.Identity(0), cancellationToken: cancel.Token);
        Task<IMesh> dialling = tcp.OpenAsync(TcpWorld.Identity(1, generation: 9), cancellationToken: cancelDial.Token); // nobody has heard of 9

        cancel.Cancel();
        cancelDial.Cancel();

        Assert.Throws<OperationCanceledException>(() => TcpWorld.Wait(accepting));
        Assert.Throws<OperationCanceledException>(() => TcpWorld.Wait(dialling));
    }

    [Fact]
    public void Open_DialledBeforeThePeerKnowsTheGeneration_WaitsForIt()
    {
        using TcpWorld tcp = new(2);
        Task<IMesh> early = tcp.OpenAsync(TcpWorld.Identity(1));
        Assert.True(SpinWait.SpinUntil(() => tcp.Listeners[0].PendingCount == 1, MeshWorld.Patience));

        using IMesh late = tcp.Open(TcpWorld.Identity(0));
        using IMesh mesh = TcpWorld.Wait(early);

        Assert.Null(mesh.Error);
    }

    [Fact]
    public void Peer_ClosesItsSocketWithoutAWord_MeshFailsAtOnce()
    {
        using TcpWorld tcp = new(2);
        Task<IMesh> opening = tcp.OpenAsync(TcpWorld.Identity(0));
        using Socket raw = Dial(tcp, TcpWorld.Identity(1));
        using IMesh mesh = TcpWorld.Wait(opening);

        raw.LingerState = new LingerOption(true, 0); // a reset, as from a process that is gone
        raw.Dispose();

        MeshError error = MeshWorld.ErrorOf(mesh);
        Assert.Equal((MeshErrorKind.PeerLost, 1), (error.Kind, error.Culprit));
    }

    [Theory]
    [InlineData(0, 2_000_000_000u, "2000000000", "1048576")]
    [InlineData(1, 16385u, "16385", "16384")]
    public void Message_LengthAboveTheLimit_IsAnErrorWithBothNumbers_NothingIsAllocated(int which, uint length, string value, string limit)
    {
        using TcpWorld tcp = new(2, new MeshSettings { MaxPayloadBytes = 1 << 20 });
        Task<IMesh> opening = tcp.OpenAsync(TcpWorld.Identity(0));
        using Socket raw = Dial(tcp, TcpWorld.Identity(1));
        using IMesh mesh = TcpWorld.Wait(opening);
        byte[] frame = new byte[MessageFrame.FixedBytes];
        new MessageFrame(1, 7, 1, which == 1 ? (int)length : 0, which == 0 ? (int)length : 0, PayloadCheck.Crc, 0).Write(frame, []);

        raw.Send(frame);

        MeshError error = MeshWorld.ErrorOf(mesh);
        Assert.Equal((MeshErrorKind.Protocol, 1), (error.Kind, error.Culprit));
        Assert.Contains(value, error.Message, StringComparison.Ordinal);
        Assert.Contains(limit, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Message_OfAnotherGeneration_IsAnError()
    {
        Assert.Contains("generation 6", ErrorAfter(new MessageFrame(1, 6, 1, 0, 0, PayloadCheck.Crc, PayloadChecksum.Of([]))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Message_NumberSkipped_IsAnError()
    {
        Assert.Contains("number 2", ErrorAfter(new MessageFrame(1, 7, 2, 0, 0, PayloadCheck.Crc, PayloadChecksum.Of([]))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Message_BitFlippedInTheFixedPart_IsCorruption()
    {
        MeshError error = ErrorAfter(new MessageFrame(1, 7, 1, 0, 0, PayloadCheck.Crc, PayloadChecksum.Of([])), frame => frame[16] ^= 4);

        Assert.Equal(MeshErrorKind.Corruption, error.Kind);
    }

    [Fact]
    public void Send_ManyMessagesBothWays_AllArriveInOrder()
    {
        using MeshWorld world = Open(3);
        const int Messages = 300;
        world.OnAll(mesh =>
        {
            for (int i = 0; i < Messages; i++)
            {
                for (int peer = 0; peer < 3; peer++)
                {
                    if (peer != mesh.Self)
                    {
                        mesh.Post(peer, (ushort)i, [], Bytes(1 + ((i * 997) % 200_000), i));
                    }
                }
            }
        });

        foreach (RecordingHandler handler in world.Handlers)
        {
            int[] next = new int[3];
            for (int i = 0; i < 2 * Messages; i++)
            {
                RecordingHandler.Received got = handler.Next();
                Assert.Equal(next[got.Peer]++, got.Kind);
                Assert.Equal(1 + ((got.Kind * 997) % 200_000), got.Payload.Length);
            }
        }
    }

    private static MeshError ErrorAfter(MessageFrame frame, Action<byte[]>? change = null)
    {
        using TcpWorld tcp = new(2);
        Task<IMesh> opening = tcp.OpenAsync(TcpWorld.Identity(0));
        using Socket raw = Dial(tcp, TcpWorld.Identity(1));
        using IMesh mesh = TcpWorld.Wait(opening);
        byte[] bytes = new byte[MessageFrame.FixedBytes];
        frame.Write(bytes, []);
        change?.Invoke(bytes);
        raw.Send(bytes);
        return MeshWorld.ErrorOf(mesh);
    }

    private static Socket Dial(TcpWorld tcp, MeshIdentity identity)
    {
        Socket raw = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        raw.Connect(tcp.Listeners[0].EndPoint);
        Handshake.Dial(raw, identity, 0);
        return raw;
    }
}

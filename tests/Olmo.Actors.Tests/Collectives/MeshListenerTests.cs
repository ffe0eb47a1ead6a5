using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Olmo.Actors.Collectives;
using Olmo.TestKit.VirtualTime;

namespace Olmo.Actors.Tests.Collectives;

/// <summary>Who may connect, and what strangers can do to a listener.</summary>
public sealed class MeshListenerTests
{
    [Fact]
    public void Dial_WrongSecret_BothSidesSaySo_TheRightOneStillConnects()
    {
        using TcpWorld tcp = new(2);
        BlockingCollection<RefusalReason> refused = Refusals(tcp);
        Task<IMesh> opening = tcp.OpenAsync(TcpWorld.Identity(0));

        MeshException thrown = Assert.Throws<MeshException>(() => tcp.Open(TcpWorld.Identity(1, secret: new byte[32])));
        using Socket raw = Connect(tcp);
        HelloOf(raw, TcpWorld.Identity(1));
        Handshake.Receive(raw, new byte[Handshake.ChallengeBytes]);
        byte[] proof = new byte[Handshake.ProofBytes];
        "OHSK"u8.CopyTo(proof);
        (proof[4], proof[6]) = ((byte)Handshake.Version, (byte)Handshake.Kind.Proof);
        raw.Send(proof);

        Assert.Equal(RefusalReason.Secret, Assert.IsType<HandshakeException>(thrown.InnerException).Reason);
        Assert.Equal((MeshErrorKind.Handshake, 0), (thrown.Error.Kind, thrown.Error.Culprit));
        Assert.Equal(RefusalReason.Secret, ReadRefusal(raw));
        Assert.Contains(RefusalReason.Secret, new[] { Next(refused), Next(refused) });
        using Socket right = Connect(tcp);
        Handshake.Dial(right, TcpWorld.Identity(1), 0);
        using IMesh mesh = TcpWorld.Wait(opening);
        Assert.Null(mesh.Error);
    }

    [Fact]
    public void Dial_OlderGeneration_IsRefusedWithTheNewest()
    {
        using TcpWorld tcp = new(2);
        Task<IMesh> opening = tcp.OpenAsync(TcpWorld.Identity(0, generation: 12));
        using Socket sign = Connect(tcp);
        HelloOf(sign, TcpWorld.Identity(1, generation: 12));
        Handshake.Receive(sign, new byte[Handshake.ChallengeBytes]); // the listener expects generation 12 now

        MeshException thrown = Assert.Throws<MeshException>(() => tcp.Open(TcpWorld.Identity(1, generation: 11)));

        Assert.Equal(RefusalReason.Generation, Assert.IsType<HandshakeException>(thrown.InnerException).Reason);
        Assert.Contains("12", thrown.Message, StringComparison.Ordinal);
        tcp.Listeners[0].Dispose();
        Assert.Throws<MeshException>(() => TcpWorld.Wait(opening));
    }

    [Theory]
    [InlineData("run", RefusalReason.Run)]
    [InlineData("to", RefusalReason.Position)]
    [InlineData("from", RefusalReason.Position)]
    [InlineData("version", RefusalReason.Version)]
    [InlineData("magic", RefusalReason.Protocol)]
    public void Hello_ThatDoesNotFit_IsRefusedWithItsReason(string what, RefusalReason expected)
    {
        using TcpWorld tcp = new(2);
        BlockingCollection<RefusalReason> refused = Refusals(tcp);
        Task<IMesh> opening = tcp.OpenAsync(TcpWorld.Identity(0));
        using Socket raw = Connect(tcp);
        HelloOf(raw, what == "run" ? TcpWorld.Identity(1, run: "another") : TcpWorld.Identity(what == "from" ? 5 : 1), what == "to" ? 3 : 0, hello =>
        {
            hello[4] = what == "version" ? (byte)2 : hello[4];
            hello[0] = what == "magic" ? (byte)'X' : hello[0];
        });

        Assert.Equal(expected, ReadRefusal(raw));
        Assert.Equal(expected, Next(refused));
        using IMesh other = tcp.Open(TcpWorld.Identity(1));
        using IMesh mesh = TcpWorld.Wait(opening);
        Assert.Null(mesh.Error);
    }

    [Fact]
    public void Dial_APositionThatIsConnected_IsRefused()
    {
        using TcpWorld tcp = new(3);
        Task<IMesh> opening = tcp.OpenAsync(TcpWorld.Identity(0));
        using Socket first = Connect(tcp);
        Handshake.Dial(first, TcpWorld.Identity(1), 0);
        using Socket second = Connect(tcp);

        HandshakeException thrown = Assert.Throws<HandshakeException>(() => Handshake.Dial(second, TcpWorld.Identity(1), 0));

        Assert.Equal(RefusalReason.Position, thrown.Reason);
        tcp.Listeners[0].Dispose();
        Assert.Throws<MeshException>(() => TcpWorld.Wait(opening));
    }

    [Fact]
    public void Strangers_WhoSayNothing_AreCappedAndBlockNobody()
    {
        using TcpWorld tcp = new(2);
        Task<IMesh> opening = tcp.OpenAsync(TcpWorld.Identity(0));
        List<Socket> silent = [];
        for (int i = 0; i < 3 * MeshListener.PendingLimit; i++)
        {
            silent.Add(Connect(tcp));
            Assert.InRange(tcp.Listeners[0].PendingCount, 0, MeshListener.PendingLimit);
        }

        using IMesh peer = tcp.Open(TcpWorld.Identity(1));
        using IMesh mesh = TcpWorld.Wait(opening);

        Assert.Null(mesh.Error);
        silent.ForEach(s => s.Dispose());
    }

    [Fact]
    public void Strangers_WhoDripBytes_EndAtTheHandshakeTimeout()
    {
        VirtualTimeProvider time = new();
        using TcpWorld tcp = new(1, time: time);
        BlockingCollection<RefusalReason> refused = Refusals(tcp);
        using Socket raw = Connect(tcp);
        raw.Send(new byte[1]);
        Assert.True(SpinWait.SpinUntil(() => tcp.Listeners[0].PendingCount == 1, MeshWorld.Patience));

        // The timer is armed after the connection is counted; the clock moves on until it has fired.
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                raw.Send(new byte[1], SocketFlags.None, out _);
                time.Advance(MeshTimeouts.Default.Handshake / 8);
                return tcp.Listeners[0].PendingCount == 0;
            },
            MeshWorld.Patience));

        Assert.Equal(RefusalReason.Unfinished, Next(refused));
    }

    [Fact]
    public void Strangers_WhoPromiseAGenerationThatNeverComes_DoNotKeepTheRightOneOut()
    {
        using TcpWorld tcp = new(2);
        List<Socket> waiting = [];
        for (int i = 0; i < MeshListener.PendingLimit; i++)
        {
            waiting.Add(Connect(tcp));
            HelloOf(waiting[^1], TcpWorld.Identity(1, generation: 1_000_000 + i));
        }

        Task<IMesh> opening = tcp.OpenAsync(TcpWorld.Identity(0));
        Task<IMesh> dialling = tcp.OpenAsync(TcpWorld.Identity(1));
        using IMesh mesh = TcpWorld.Wait(opening);
        using IMesh peer = TcpWorld.Wait(dialling);

        Assert.Null(mesh.Error);
        waiting.ForEach(s => s.Dispose());
    }

    [Fact]
    public void Open_APeerNeverComes_DeadlineNamesItsPosition()
    {
        VirtualTimeProvider time = new();
        using TcpWorld tcp = new(3, time: time);
        Task<IMesh> opening = tcp.OpenAsync(TcpWorld.Identity(0));
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return opening.IsCompleted;
            },
            MeshWorld.Patience));

        MeshException thrown = Assert.Throws<MeshException>(() => TcpWorld.Wait(opening));
        Assert.Contains("1, 2", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("30 s", thrown.Message, StringComparison.Ordinal);
    }

    private static BlockingCollection<RefusalReason> Refusals(TcpWorld tcp)
    {
        BlockingCollection<RefusalReason> refused = [];
        tcp.Listeners[0].Refused += (reason, _) => refused.Add(reason);
        return refused;
    }

    private static RefusalReason Next(BlockingCollection<RefusalReason> refused) =>
        refused.TryTake(out RefusalReason reason, MeshWorld.Patience) ? reason : throw new TimeoutException("nothing was refused");

    private static Socket Connect(TcpWorld tcp)
    {
        Socket raw = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        raw.Connect(tcp.Listeners[0].EndPoint);
        return raw;
    }

    private static void HelloOf(Socket raw, MeshIdentity identity, int to = 0, Action<byte[]>? change = null)
    {
        byte[] hello = new byte[Handshake.HelloBytes];
        Handshake.WriteHello(hello, identity, to);
        change?.Invoke(hello);
        raw.Send(hello);
    }

    private static RefusalReason ReadRefusal(Socket raw)
    {
        byte[] refusal = new byte[Handshake.RefusalBytes];
        Handshake.Receive(raw, refusal);
        Assert.Null(Handshake.CheckPrefix(refusal, Handshake.Kind.Refusal));
        return (RefusalReason)BitConverter.ToInt32(refusal, 8);
    }
}

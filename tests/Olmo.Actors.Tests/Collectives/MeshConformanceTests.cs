using Olmo.Actors.Collectives;

namespace Olmo.Actors.Tests.Collectives;

/// <summary>The contract of <see cref="IMesh"/>: the same tests run over memory and over TCP.</summary>
public abstract class MeshConformanceTests
{
    private const long Generation = 7;

    private protected abstract MeshWorld Open(int size, MeshSettings? settings = null);

    [Fact]
    public void Send_HeaderAndPayload_ArriveAsSent()
    {
        using MeshWorld world = Open(2);
        byte[] payload = Bytes(100_001, 3);

        world.Meshes[0].Send(1, 42, [1, 2, 3], payload);
        RecordingHandler.Received got = world.Handlers[1].Next();

        Assert.Equal((0, (ushort)42), (got.Peer, got.Kind));
        Assert.Equal([1, 2, 3], got.Header);
        Assert.Equal(payload, got.Payload);
        Assert.Equal(Generation, world.Meshes[0].Generation);
    }

    [Fact]
    public void PostAndSend_Mixed_ArriveInTheOrderOfTheCalls()
    {
        using MeshWorld world = Open(2);
        for (int i = 0; i < 200; i++)
        {
            if (i % 3 == 0)
            {
                world.Meshes[0].Send(1, (ushort)i, [], Bytes(i * 37, i));
            }
            else
            {
                world.Meshes[0].Post(1, (ushort)i, [(byte)i], Bytes(i * 37, i));
            }
        }

        for (int i = 0; i < 200; i++)
        {
            RecordingHandler.Received got = world.Handlers[1].Next();
            Assert.Equal(i, got.Kind);
            Assert.Equal(Bytes(i * 37, i), got.Payload);
        }
    }

    [Fact]
    public void WaitSent_PostedMessage_ThenThePayloadIsFree()
    {
        using MeshWorld world = Open(2);
        byte[] payload = Bytes(3_000_000, 5);
        byte[] copy = [.. payload];

        long number = world.Meshes[0].Post(1, 1, [], payload);
        world.Meshes[0].WaitSent(1, number);
        payload.AsSpan().Clear();

        Assert.True(world.Meshes[0].IsSent(1, number));
        Assert.Equal(copy, world.Handlers[1].Next().Payload);
    }

    [Fact]
    public void Post_FromInsideAHandler_IsAllowed_SendIsNot()
    {
        using MeshWorld world = Open(2);
        Exception? thrown = null;
        world.Handlers[1].Inside = (_, kind) =>
        {
            if (kind == 1)
            {
                thrown = Record.Exception(() => world.Meshes[1].Send(0, 2, [], []));
                world.Meshes[1].Post(0, 3, [], new byte[] { 9 });
            }
        };

        world.Meshes[0].Send(1, 1, [], []);

        Assert.Equal([9], world.Handlers[0].Next().Payload);
        Assert.IsType<InvalidOperationException>(thrown);
    }

    [Fact]
    public void Handler_Throws_MeshFailsWithItsText()
    {
        using MeshWorld world = Open(2);
        world.Handlers[1].Inside = (_, _) => throw new InvalidDataException("bad range 17");

        world.Meshes[0].Send(1, 5, [], []);

        MeshError error = MeshWorld.ErrorOf(world.Meshes[1]);
        Assert.Equal(MeshErrorKind.Handler, error.Kind);
        Assert.Contains("bad range 17", error.Message, StringComparison.Ordinal);
        MeshError peers = MeshWorld.ErrorOf(world.Meshes[0]);
        Assert.Equal((MeshErrorKind.PeerAborted, 1, 0), (peers.Kind, peers.Peer, peers.Culprit));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void AllGather_EveryRank_GetsAllBytesInOrder(int size)
    {
        using MeshWorld world = Open(size);
        int[] all = [.. Enumerable.Range(0, size)];
        byte[] expected = [.. all.SelectMany(r => Bytes(1000, r))];

        world.OnAll(mesh =>
        {
            MeshGroup group = mesh.Group(0, all);
            byte[] result = new byte[1000 * size];
            for (int i = 0; i < 20; i++)
            {
                result.AsSpan().Clear();
                group.AllGather(Bytes(1000, mesh.Self), result);
                Assert.Equal(expected, result);
                group.Barrier();
            }
        });
    }

    [Fact]
    public void AllGather_UnequalLengthsAndOwnPartInPlace_Works()
    {
        using MeshWorld world = Open(3);
        int[] lengths = [5, 0, 300_000];
        byte[] expected = [.. Enumerable.Range(0, 3).SelectMany(r => Bytes(lengths[r], r))];

        world.OnAll(mesh =>
        {
            MeshGroup group = mesh.Group(3, [0, 1, 2]);
            byte[] result = new byte[300_005];
            int offset = lengths.Take(mesh.Self).Sum();
            Bytes(lengths[mesh.Self], mesh.Self).CopyTo(result, offset);
            group.AllGather(result.AsSpan(offset, lengths[mesh.Self]), result, lengths);
            Assert.Equal(expected, result);
        });
    }

    [Fact]
    public void AllGather_MoreThanMayBeBuffered_DoesNotDeadlock()
    {
        using MeshWorld world = Open(2, new MeshSettings { MaxBufferedBytes = 1000 });

        world.OnAll(mesh =>
        {
            MeshGroup group = mesh.Group(0, [0, 1]);
            byte[] result = new byte[2_000_000];
            for (int i = 0; i < 3; i++)
            {
                group.AllGather(Bytes(1_000_000, mesh.Self + i), result);
                Assert.Equal(Bytes(1_000_000, 1 - mesh.Self + i), result.AsSpan((1 - mesh.Self) * 1_000_000, 1_000_000).ToArray());
            }
        });
    }

    [Fact]
    public void AllToAll_UnequalParts_ReachTheirMembers()
    {
        using MeshWorld world = Open(3);

        // Rank i sends 10 * i + j bytes to rank j.
        world.OnAll(mesh =>
        {
            MeshGroup group = mesh.Group(1, [2, 0, 1]);
            int Length(int from, int to) => (10 * from) + to;
            int[] sending = [.. group.Members.Select(m => Length(mesh.Self, m))];
            int[] receiving = [.. group.Members.Select(m => Length(m, mesh.Self))];
            byte[] send = [.. group.Members.SelectMany(m => Bytes(Length(mesh.Self, m), (100 * mesh.Self) + m))];
            byte[] receive = new byte[receiving.Sum()];
            group.AllToAll(send, sending, receive, receiving);
            Assert.Equal([.. group.Members.SelectMany(m => Bytes(Length(m, mesh.Self), (100 * m) + mesh.Self))], receive);
        });
    }

    [Fact]
    public void Groups_OverlappingInDifferentOrder_DoNotDisturbEachOther()
    {
        using MeshWorld world = Open(4);
        world.OnAll(mesh =>
        {
            int other = mesh.Self ^ 2;
            int[] replica = [mesh.Self & ~1, mesh.Self | 1];
            int[] exchange = [Math.Min(mesh.Self, other), Math.Max(mesh.Self, other)];
            MeshGroup a = mesh.Group(10 + (mesh.Self / 2), replica);
            MeshGroup b = mesh.Group(20 + (mesh.Self % 2), exchange);
            byte[] gathered = new byte[2];
            for (int i = 0; i < 50; i++)
            {
                a.AllGather([(byte)mesh.Self], gathered);
                Assert.Equal([(byte)replica[0], (byte)replica[1]], gathered);
                b.Send(other, 4, [(byte)i]);
                Assert.Equal(1, b.Receive(other, 4, gathered));
                Assert.Equal(i, gathered[0]);
            }
        });
    }

    [Fact]
    public void Receive_ByTag_TakesMessagesOutOfOrderOfOtherTags()
    {
        using MeshWorld world = Open(2);
        MeshGroup sender = world.Meshes[0].Group(0, [0, 1]);
        MeshGroup receiver = world.Meshes[1].Group(0, [0, 1]);
        byte[] got = new byte[8];

        sender.Send(1, 1, [1]);
        sender.Send(1, 2, [2, 2]);
        sender.Send(1, 1, [3]);

        Assert.Equal(2, receiver.Receive(0, 2, got));
        Assert.Equal(1, receiver.Receive(0, 1, got));
        Assert.Equal(1, got[0]);
        Assert.Equal(1, receiver.Receive(0, 1, got));
        Assert.Equal(3, got[0]);
    }

    [Fact]
    public void Collectives_Different_FailAsMismatchThatNamesBoth()
    {
        using MeshWorld world = Open(2);
        MeshException[] thrown = new MeshException[2];

        world.OnAll(mesh => thrown[mesh.Self] = Assert.Throws<MeshException>(() =>
        {
            MeshGroup group = mesh.Group(0, [0, 1]);
            if (mesh.Self == 0)
            {
                group.AllGather([1], new byte[2]);
            }
            else
            {
                group.Barrier();
            }
        }));

        MeshException first = thrown.First(t => t.Error.Kind == MeshErrorKind.Mismatch);
        Assert.Contains("AllGather", first.Message, StringComparison.Ordinal);
        Assert.Contains("Barrier", first.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Groups_OfOtherMembersUnderOneId_FailAsMismatch()
    {
        using MeshWorld world = Open(3);
        Task<MeshException> other = Task.Run(() => Assert.Throws<MeshException>(() => world.Meshes[1].Group(0, [0, 1, 2]).Barrier()));

        MeshException thrown = Assert.Throws<MeshException>(() => world.Meshes[0].Group(0, [0, 1]).Barrier());

        Assert.Contains(MeshErrorKind.Mismatch, new[] { thrown.Error.Kind, other.GetAwaiter().GetResult().Error.Kind });
    }

    [Fact]
    public void Abort_FromAnotherThread_ReleasesEveryWaiter_FirstErrorIsKept()
    {
        using MeshWorld world = Open(2, new MeshSettings { QueueLength = 2 });
        IMesh mesh = world.Meshes[0];
        using ManualResetEventSlim hold = new();
        world.Handlers[1].Inside = (_, _) => hold.Wait(MeshWorld.Patience); // so nothing more is read
        byte[] large = new byte[32 << 20];
        MeshGroup group = mesh.Group(0, [0, 1]);
        MeshGroup second = mesh.Group(1, [0, 1]);
        MeshGroup third = mesh.Group(2, [0, 1]);
        Func<Action, Task<Exception>> waits = action => Task.Factory.StartNew(
            () => Record.Exception(action), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        long number = mesh.Post(1, 1, [], large);
        Task<Exception>[] waiters =
        [
            waits(() => mesh.WaitSent(1, number)),
            waits(() => { for (int i = 0; i < 4; i++) { mesh.Post(1, 1, [], large); } }),
            waits(() => mesh.Send(1, 2, [], large)),
            waits(() => group.Receive(1, 3, new byte[1])),
            waits(() => second.Barrier()),
            waits(() => third.AllGather([1], new byte[2])),
        ];

        mesh.Abort(MeshError.Aborted("first"));
        mesh.Abort(MeshError.Aborted("second"));
        bool ended = Task.WaitAll(waiters, MeshWorld.Patience);
        hold.Set();

        Assert.True(ended);
        Assert.All(waiters, w => Assert.Equal("first", Assert.IsType<MeshException>(w.Result).Error.Message));
        Assert.Equal("first", mesh.Error!.Message);
        Assert.Throws<MeshException>(() => mesh.Send(1, 1, [], []));
        Assert.Equal("first", MeshWorld.ErrorOf(mesh).Message);
        Assert.Contains(MeshWorld.ErrorOf(world.Meshes[1]).Kind, new[] { MeshErrorKind.PeerAborted, MeshErrorKind.PeerLost });
    }

    [Fact]
    public void Abort_NoMessageUnderWay_PeersHearTheReasonAndTheCulprit()
    {
        using MeshWorld world = Open(3);

        world.Meshes[0].Abort(MeshError.At(MeshErrorKind.PeerSilent, 2, "no word of 2"));

        MeshError error = MeshWorld.ErrorOf(world.Meshes[1]);
        Assert.Equal(MeshErrorKind.PeerAborted, error.Kind);
        Assert.Contains(error.Culprit, new[] { 2, 0 });
        Assert.Contains("no word of 2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Dispose_WhileAHandlerRuns_WaitsForIt_NoneBeginsAfter()
    {
        MeshWorld world = Open(2);
        using ManualResetEventSlim inside = new();
        using ManualResetEventSlim goOn = new();
        int calls = 0;
        bool disposed = false;
        bool ranAfter = false;
        world.Handlers[1].Inside = (_, _) =>
        {
            calls++;
            inside.Set();
            goOn.Wait(MeshWorld.Patience);
            ranAfter |= Volatile.Read(ref disposed);
        };
        world.Meshes[0].Post(1, 1, [], new byte[1]);
        world.Meshes[0].Post(1, 1, [], new byte[1]);
        Assert.True(inside.Wait(MeshWorld.Patience));

        Task disposing = MeshWorld.Run(() =>
        {
            world.Meshes[1].Dispose();
            Volatile.Write(ref disposed, true);
        });
        MeshWorld.ErrorOf(world.Meshes[1]);
        Assert.False(disposing.IsCompleted);
        goOn.Set();

        Assert.True(disposing.Wait(MeshWorld.Patience));
        Assert.False(ranAfter);
        Assert.Equal(1, calls);
        world.Dispose();
    }

    [Fact]
    public void Operations_AfterACollective_ShowItAsDoneWithBytes()
    {
        using MeshWorld world = Open(2);
        world.OnAll(mesh => mesh.Group(5, [0, 1]).AllGather(new byte[77], new byte[154]));
        world.Meshes[0].Send(1, 9, [], new byte[11]);
        world.Handlers[1].Next();

        PeerOperations peer = Assert.Single(world.Meshes[0].Operations().Peers);

        Assert.Equal(1, peer.Peer);
        OperationRecord gather = Assert.Single(peer.Collectives, r => r.Direction == OperationDirection.In);
        Assert.Equal((OperationKind.AllGather, 1L, 5, 77L, OperationState.Done), (gather.Kind, gather.Number, gather.Group, gather.Bytes, gather.State));
        Assert.NotNull(gather.Ended);
        OperationRecord message = Assert.Single(peer.Messages);
        Assert.Equal((9, 11L, OperationDirection.Out), (message.Label, message.Bytes, message.Direction));
    }

    private protected static byte[] Bytes(int count, int seed)
    {
        byte[] bytes = new byte[count];
        uint x = ((uint)seed * 2654435761u) + 1;
        for (int i = 0; i < count; i++)
        {
            x = (x * 1664525u) + 1013904223u;
            bytes[i] = (byte)(x >> 24);
        }

        return bytes;
    }
}

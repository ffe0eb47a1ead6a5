using Olmo.Actors.Collectives;
using Olmo.TestKit.Collectives;
using Olmo.TestKit.VirtualTime;

namespace Olmo.Actors.Tests.Collectives;

/// <summary>The contract over memory, and the faults that memory can inject.</summary>
public sealed class MemoryMeshTests : MeshConformanceTests
{
    private readonly VirtualTimeProvider _time = new();

    private protected override MeshWorld Open(int size, MeshSettings? settings = null) => Open(new MemoryMesh(size, 7, _time, settings));

    [Fact]
    public void Kill_ARank_PeersFailAtOnceAndNameIt()
    {
        MemoryMesh memory = new(3, 7, _time);
        using MeshWorld world = Open(memory);

        memory.Kill(1);

        MeshError error = MeshWorld.ErrorOf(world.Meshes[0]);
        Assert.Contains(error.Kind, new[] { MeshErrorKind.PeerLost, MeshErrorKind.PeerAborted });
        Assert.Equal(1, error.Culprit);
        Assert.Equal(1, MeshWorld.ErrorOf(world.Meshes[2]).Culprit);
    }

    [Fact]
    public void Drop_OneWay_ReceiverFindsTheSilencePeerWithinTheTimeout()
    {
        MemoryMesh memory = new(2, 7, _time);
        using MeshWorld world = Open(memory);
        world.Meshes[0].Send(1, 1, [], []);
        world.Handlers[1].Next();
        memory.Drop(0, 1);

        Advance(memory, MeshTimeouts.Default.Silence + (2 * MeshTimeouts.Default.Heartbeat), () => world.Meshes[1].Error is not null);

        MeshError error = MeshWorld.ErrorOf(world.Meshes[1]);
        Assert.Equal((MeshErrorKind.PeerSilent, 0), (error.Kind, error.Culprit));
        Assert.Contains("3 s", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FlipBit_InAPayload_IsCorruptionAtTheReceiver()
    {
        MemoryMesh memory = new(2, 7, _time);
        using MeshWorld world = Open(memory);
        memory.FlipBit(0, 1, 4_321);

        world.Meshes[0].Send(1, 1, [], Bytes(5_000, 1));

        Assert.Equal(MeshErrorKind.Corruption, MeshWorld.ErrorOf(world.Meshes[1]).Kind);
    }

    [Fact]
    public void FlipBit_InAPayloadWithItsOwnDigest_ReachesTheHandler()
    {
        MemoryMesh memory = new(2, 7, _time);
        using MeshWorld world = Open(memory);
        memory.FlipBit(0, 1, 8);
        world.Meshes[0].Send(1, 1, [], new byte[] { 0, 0 }, PayloadCheck.Own);

        Assert.Equal([0, 1], world.Handlers[1].Next().Payload);
    }

    [Fact]
    public void Freeze_ARank_PeersCallItSilent_ThawedItIsToldWhy()
    {
        MemoryMesh memory = new(2, 7, _time);
        using MeshWorld world = Open(memory);
        memory.Freeze(1);

        Advance(memory, TimeSpan.FromSeconds(10), () => world.Meshes[0].Error is not null);
        Assert.Equal((MeshErrorKind.PeerSilent, 1), (MeshWorld.ErrorOf(world.Meshes[0]).Kind, world.Meshes[0].Error!.Culprit));
        memory.Thaw(1);

        Assert.NotNull(MeshWorld.ErrorOf(world.Meshes[1]));
    }

    [Fact]
    public void Freeze_ThenThawWithinTheTimeout_NothingHappens()
    {
        MemoryMesh memory = new(2, 7, _time);
        using MeshWorld world = Open(memory);
        memory.Freeze(1);
        _time.Advance(TimeSpan.FromSeconds(2));
        memory.Thaw(1);

        world.OnAll(mesh => mesh.Group(0, [0, 1]).Barrier());

        Assert.Null(world.Meshes[0].Error);
    }

    [Fact]
    public void Delay_OfOneDirection_MessageComesWhenTheClockSaysSo()
    {
        MemoryMesh memory = new(2, 7, _time);
        using MeshWorld world = Open(memory);
        memory.Delay(0, 1, TimeSpan.FromSeconds(1));
        List<TimeSpan> at = [];
        world.Handlers[1].Inside = (_, _) => at.Add(_time.Elapsed);
        world.Meshes[0].Send(1, 1, [], [7]);

        _time.Advance(TimeSpan.FromSeconds(1.1));

        Assert.Equal([7], world.Handlers[1].Next().Payload);
        world.Dispose();
        Assert.True(Assert.Single(at) >= TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void Barrier_AMemberNeverComes_DeadlineNamesIt()
    {
        MemoryMesh memory = new(3, 7, _time);
        using MeshWorld world = Open(memory);
        Task<MeshException>[] waiting = [.. new[] { 0, 2 }.Select(p => Task.Factory.StartNew(
            () => Assert.Throws<MeshException>(() => world.Meshes[p].Group(4, [0, 1, 2]).Barrier(TimeSpan.FromSeconds(5))),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))];

        Advance(memory, TimeSpan.FromSeconds(20), () => waiting.All(w => w.IsCompleted));

        MeshError[] errors = [.. waiting.Select(w => w.GetAwaiter().GetResult().Error)];
        MeshError first = errors.First(e => e.Kind == MeshErrorKind.OperationTimeout);
        Assert.Equal(1, first.Culprit);
        Assert.Contains("Barrier 1 of group 4", first.Message, StringComparison.Ordinal);
        Assert.Contains("5 s", first.Message, StringComparison.Ordinal);
        Assert.All(errors, e => Assert.Contains(e.Kind, new[] { MeshErrorKind.OperationTimeout, MeshErrorKind.PeerAborted, MeshErrorKind.PeerLost }));
    }

    [Fact]
    public void Send_PeerTakesNothing_OperationTimeoutNamesIt()
    {
        MemoryMesh memory = new(2, 7, _time);
        using MeshWorld world = Open(memory);
        using ManualResetEventSlim hold = new();
        using ManualResetEventSlim inside = new();
        world.Handlers[1].Inside = (_, _) =>
        {
            inside.Set();
            hold.Wait(MeshWorld.Patience);
        };
        Task<MeshException> sending = Task.Factory.StartNew(
            () => Assert.Throws<MeshException>(() => { for (int i = 0; i < 3; i++) { world.Meshes[0].Send(1, 1, [], new byte[1 << 20]); } }),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        Assert.True(inside.Wait(MeshWorld.Patience)); // nothing more is read from here on
        Advance(memory, TimeSpan.FromSeconds(100), () => sending.IsCompleted);
        hold.Set();

        MeshError error = sending.GetAwaiter().GetResult().Error;
        Assert.Equal((MeshErrorKind.OperationTimeout, 1), (error.Kind, error.Culprit));
        Assert.Contains("30 s", error.Message, StringComparison.Ordinal);
    }

    private static MeshWorld Open(MemoryMesh memory)
    {
        RecordingHandler[] handlers = [.. Enumerable.Range(0, memory.Size).Select(_ => new RecordingHandler())];
        return new MeshWorld([.. handlers.Select((h, i) => memory.Open(i, h))], handlers, memory.Dispose);
    }

    private void Advance(MemoryMesh memory, TimeSpan atMost, Func<bool> until)
    {
        for (TimeSpan passed = TimeSpan.Zero; passed < atMost && !until(); passed += MeshTimeouts.Default.Heartbeat)
        {
            _time.Advance(MeshTimeouts.Default.Heartbeat);
            memory.Settle();
        }
    }
}

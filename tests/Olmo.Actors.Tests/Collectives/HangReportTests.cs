using Olmo.Actors.Collectives;
using Olmo.TestKit.Collectives;
using Olmo.TestKit.VirtualTime;

namespace Olmo.Actors.Tests.Collectives;

/// <summary>Reports from the rings of meshes that really hang.</summary>
public sealed class HangReportTests
{
    private readonly VirtualTimeProvider _time = new();

    [Fact]
    public void From_ARankThatNeverJoined_IsTheCulprit()
    {
        using MeshWorld world = Open(out _);
        world.OnAll(mesh => mesh.Group(3, [0, 1, 2]).Barrier());
        Hang(world.Meshes[0], m => Groups(m).Barrier());
        Hang(world.Meshes[2], m => Groups(m).Barrier());
        Until(() => Report(world), r => r.Waits.Count(w => w.For == 1) == 2 && r.Waits.Length == 2);

        HangReport report = Report(world);

        Wait[] forOne = [.. report.Waits.Where(w => w.For == 1)];
        Assert.All(forOne, w => Assert.Equal(WaitReason.NeverJoined, w.Reason));
        Assert.Equal([0, 2], forOne.Select(w => w.Rank).Order());
        Assert.Equal([1], report.Culprits.ToArray());
        Disagreement first = Assert.Single(report.Disagreements, d => d.Group == 4);
        Assert.Equal(1, first.Number);
        Assert.Equal([0, 2], first.Joined.Keys);
        Assert.Equal([1], first.NeverJoined.ToArray());
        Assert.Contains("position 0 waits for 1: Barrier 1 of group 4", report.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void From_ARankWithoutAReport_IsNamedAsSuch()
    {
        using MeshWorld world = Open(out _);
        Hang(world.Meshes[0], m => Groups(m).AllGather([1], new byte[3]));
        Until(() => HangReport.From([world.Meshes[0].Operations()]), r => r.Waits.Length == 2 && r.Waits.All(w => w.Operation.Direction == OperationDirection.In));

        HangReport report = HangReport.From([world.Meshes[0].Operations()]);

        Assert.All(report.Waits, w => Assert.Equal(WaitReason.NoReport, w.Reason));
        Assert.Equal([1, 2], report.Culprits.ToArray());
    }

    [Fact]
    public void From_ARankStuckInAHandler_IsNotReading()
    {
        using MeshWorld world = Open(out _);
        using ManualResetEventSlim hold = new();
        world.Handlers[1].Inside = (_, _) => hold.Wait(MeshWorld.Patience);
        Hang(world.Meshes[0], m =>
        {
            for (int i = 0; i < 5; i++)
            {
                m.Send(1, 77, [], new byte[1 << 20]);
            }
        });
        Until(() => Report(world), r => r.Waits.Any(w => w.Operation.Number == 2) && r.ToString().Contains("handler", StringComparison.Ordinal));

        Wait wait = Report(world).Waits.Single(w => w.Operation.Number == 2);

        Assert.Equal((0, 1, WaitReason.NotReading), (wait.Rank, wait.For, wait.Reason));
        Assert.Contains("message 1 (kind 77)", wait.Detail, StringComparison.Ordinal);
        int[] culprits = [.. Report(world).Culprits];
        hold.Set();
        Assert.Equal([1], culprits);
    }

    [Fact]
    public void From_ReceiveOfWhatNobodySent_NeverJoined_WhileOtherTagsCame()
    {
        using MeshWorld world = Open(out _);
        world.Meshes[1].Group(4, [0, 1, 2]).Send(0, 5, [1]);
        Hang(world.Meshes[0], m =>
        {
            MeshGroup group = Groups(m);
            group.Receive(1, 5, new byte[1]);
            group.Receive(1, 6, new byte[1]);
        });
        Until(() => Report(world), r => r.Waits.Any(w => w.Operation.Label == 6));

        Wait wait = Assert.Single(Report(world).Waits);

        Assert.Equal((0, 1, WaitReason.NeverJoined), (wait.Rank, wait.For, wait.Reason));
        Assert.Equal([1], Report(world).Culprits.ToArray());
    }

    [Fact]
    public void From_ARankWhoseBytesDoNotArrive_JoinedWithoutProgress()
    {
        using MeshWorld world = Open(out MemoryMesh memory);
        memory.Delay(1, 0, TimeSpan.FromHours(1));
        foreach (IMesh mesh in world.Meshes)
        {
            Hang(mesh, m => Groups(m).AllGather([1], new byte[3]));
        }

        Until(() => Report(world), r => r.Waits.Length == 1 && r.Waits[0].Detail.Contains("has sent", StringComparison.Ordinal));

        Wait wait = Assert.Single(Report(world).Waits);
        Assert.Equal((0, 1, WaitReason.JoinedNoProgress), (wait.Rank, wait.For, wait.Reason));
        Assert.Empty(Report(world).Disagreements);
    }

    [Fact]
    public void From_NothingUnderWay_NobodyIsBlamed()
    {
        using MeshWorld world = Open(out _);
        world.OnAll(mesh => Groups(mesh).Barrier());

        HangReport report = Report(world);

        Assert.Empty(report.Waits);
        Assert.Empty(report.Culprits);
        Assert.Empty(report.Disagreements);
    }

    [Fact]
    public void From_TwoGenerations_IsAnError()
    {
        using MemoryMesh a = new(1, 1, _time);
        using MemoryMesh b = new(1, 2, _time);
        Assert.Throws<ArgumentException>(() => HangReport.From([a.Open(0, new RecordingHandler()).Operations(), b.Open(0, new RecordingHandler()).Operations()]));
    }

    private static MeshGroup Groups(IMesh mesh) => mesh.Group(4, [0, 1, 2]);

    private static HangReport Report(MeshWorld world) => HangReport.From([.. world.Meshes.Select(m => m.Operations())]);

    // The thread ends with the mesh.
    private static void Hang(IMesh mesh, Action<IMesh> action) => MeshWorld.Run(() => Record.Exception(() => action(mesh)));

    private static void Until(Func<HangReport> report, Func<HangReport, bool> condition) =>
        Assert.True(SpinWait.SpinUntil(() => condition(report()), MeshWorld.Patience), report().ToString());

    private MeshWorld Open(out MemoryMesh memory)
    {
        MemoryMesh opened = new(3, 7, _time);
        memory = opened;
        RecordingHandler[] handlers = [new(), new(), new()];
        return new MeshWorld([.. handlers.Select((h, i) => opened.Open(i, h))], handlers, opened.Dispose);
    }
}

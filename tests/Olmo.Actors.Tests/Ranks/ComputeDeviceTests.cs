using Olmo.Actors.Drills;
using Olmo.Actors.Ranks;
using Olmo.Actors.Runs;
using Olmo.Model.Compute;
using Olmo.Model.Cuda;
using Olmo.Model.Numerics;
using Olmo.Model.Tensors;
using Olmo.TestKit.ObjectStorage;

namespace Olmo.Actors.Tests.Ranks;

/// <summary>What an engine computes on is handed to it, and says which numerics id its checkpoints have.</summary>
public sealed class ComputeDeviceTests
{
    private readonly MemoryObjectStore _store = new(TimeProvider.System);

    [Theory]
    [InlineData(1, "other, 1")]
    [InlineData(2, "other, 2")]
    [InlineData(5, "other, 2")]
    public void Facts_OfAnotherDevice_HaveItsNumericsIdAndTheSequencesOfAPass(int microBatch, string expected)
    {
        OtherDevice device = new();
        using (WorldEngine engine = new(1, WorldExample.Settings(1, microBatch) with { Device = () => device }, TimeProvider.System, NoProbe.Instance))
        {
            engine.Form(new WorldIdentity(1, 0), null, _store, CancellationToken.None);
            engine.RunStep(WorldExample.Batch(1), CancellationToken.None);

            Assert.Equal(expected, engine.Stage().Facts.NumericsId);
            Assert.Equal(0, device.Disposals);
        }

        Assert.Equal(1, device.Disposals);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Facts_OfProcessors_HaveTheProgramsNumericsId(int microBatch)
    {
        using WorldEngine engine = new(1, WorldExample.Settings(1, microBatch), TimeProvider.System, NoProbe.Instance);
        engine.Form(new WorldIdentity(1, 0), null, _store, CancellationToken.None);

        Assert.Equal(NumericsId.Current, engine.Stage().Facts.NumericsId);
    }

    [Fact]
    public void Group_WhoseDeviceFails_IsNotBlamed()
    {
        CudaException device = new("cuStreamSynchronize", 700, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered");
        OutOfMemoryException memory = new("The GPU has no room.");
        FormatException tokens = new("no such token");

        Assert.Same(device, FailureOf(device));
        Assert.Same(memory, FailureOf(memory));
        GroupFailedException blamed = Assert.IsType<GroupFailedException>(FailureOf(tokens));
        Assert.Equal((1, 0), (blamed.Step, blamed.Group));
    }

    [Fact]
    public void WarmUp_OfADeviceThatTakesNothingAhead_Works()
    {
        using WorldEngine engine = new(
            1, WorldExample.Settings(2) with { Device = () => new OtherDevice(), RanksAhead = 3, PeakFlops = 1 }, TimeProvider.System, NoProbe.Instance);
        engine.WarmUp(CancellationToken.None);

        Assert.Equal(0, engine.ReservedBytes);
    }

    [Fact]
    public void SelfTest_OfAnUnknownNumericsId_IsComputedTwice()
    {
        int devices = 0;
        string? wrong = SelfTest.Run(
            () =>
            {
                devices++;
                return new OtherDevice();
            },
            _store, TimeProvider.System, NoDrill.Instance);

        Assert.Null(wrong);
        Assert.Equal(2, devices);
    }

    [Fact]
    public void Peak_IsMeasuredOnTheDevice()
    {
        using CpuDevice device = new(1, SimdWidths.Best);

        Assert.InRange(MatrixPeak.Measure(device.Provider, DType.BF16, TimeProvider.System, CancellationToken.None), 1e6, 1e15);
    }

    // Of a step in whose first group that comes up.
    private Exception FailureOf(Exception cause)
    {
        using WorldEngine engine = new(1, WorldExample.Settings(1), TimeProvider.System, NoProbe.Instance, new Failing(cause));
        engine.Form(new WorldIdentity(1, 0), null, _store, CancellationToken.None);
        return Assert.ThrowsAny<Exception>(() => engine.RunStep(WorldExample.Batch(1), CancellationToken.None));
    }

    private sealed class Failing(Exception cause) : IDrill
    {
        public Guards Guards => Guards.All;

        public void Passed(string phase, long step, int group = -1)
        {
            if (phase == Phases.Forward)
            {
                throw cause;
            }
        }

        public DrillFault? Strikes(DrillAct act, long step, int group = -1) => null;
    }
}

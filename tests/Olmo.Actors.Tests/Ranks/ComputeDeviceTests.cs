using Olmo.Actors.Drills;
using Olmo.Actors.Ranks;
using Olmo.Actors.Runs;
using Olmo.Model.Compute;
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
}

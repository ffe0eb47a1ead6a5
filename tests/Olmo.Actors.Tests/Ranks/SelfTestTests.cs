using Olmo.Actors.Drills;
using Olmo.Actors.Ranks;
using Olmo.Model.Compute;
using Olmo.Model.Numerics;
using Olmo.TestKit.ObjectStorage;

namespace Olmo.Actors.Tests.Ranks;

public sealed class SelfTestTests
{
    private readonly MemoryObjectStore _store = new(TimeProvider.System);

    [Fact]
    public void Weights_OfTheNumericsIdInUse_AreKnown() => Assert.NotNull(SelfTest.ExpectedOf(NumericsId.Current));

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(1, true)]
    public void Run_WithAnyThreadsAndInstructionSet_Passes(int threads, bool scalar)
    {
        string? wrong = SelfTest.Run(() => new CpuDevice(threads, scalar ? SimdWidth.Scalar : SimdWidths.Best), _store, TimeProvider.System, NoDrill.Instance);
        Assert.True(wrong is null, wrong);
    }

    [Fact]
    public void Run_ThatComputesOtherwise_SaysWhatWasFound() =>
        Assert.Contains($"expected is {SelfTest.ExpectedOf(NumericsId.Current)}", SelfTest.Run(Processors, _store, TimeProvider.System, new Failing(Guards.All)), StringComparison.Ordinal);

    [Fact]
    public void Run_WithoutTheGuard_PassesWhateverItComputes() =>
        Assert.Null(SelfTest.Run(Processors, _store, TimeProvider.System, new Failing(Guards.Without(["self-test"]))));

    private static CpuDevice Processors() => new(1, SimdWidths.Best);

    private sealed class Failing(Guards guards) : IDrill
    {
        public Guards Guards => guards;

        public void Passed(string phase, long step, int group = -1)
        {
        }

        public DrillFault? Strikes(DrillAct act, long step, int group = -1) =>
            act is DrillAct.FailSelfTest ? new DrillFault(0, act, "", DrillFault.AnyProcess, 0, -1, 0, 1, TimeSpan.Zero, 1, true) : null;
    }
}

using Olmo.Model.Optimization;
using Olmo.Model.State;
using Olmo.Model.Steps;

namespace Olmo.Model.Tests.Steps;

/// <summary>The guard of steps as a pure function, on sequences whose outcomes follow from the rule by hand.</summary>
public sealed class StepGuardTests
{
    private static readonly DecisionSettings Settings = new(1.0, new SkipStepSettings(), NonFinitePolicy.Skip, MaxSkips: 3, MaxSpikes: 3);

    [Fact]
    public void Judge_BeforeSixtyFourSteps_LetsEverySpikePass()
    {
        StepGuardState guard = Calm(62);
        Assert.Equal(StepOutcome.Apply, StepGuard.Judge(guard, Settings, true, 1e6, 1e6));
        guard = Calm(63);
        Assert.Equal(StepOutcome.SkipOutlier, StepGuard.Judge(guard, Settings, true, 1e6, 1.0));
        Assert.Equal(StepOutcome.SkipOutlier, StepGuard.Judge(guard, Settings, true, 3.0, 1e6));
    }

    [Fact]
    public void Judge_SpikesInARow_LeaveOutThenRollBack()
    {
        StepGuardState guard = Calm(128);
        byte[] before = Bytes(guard)[8..];
        Assert.Equal(["SkipOutlier", "SkipOutlier", "RollBackSpike"], Outcomes(guard, [.. Enumerable.Repeat(1e6, 3)]));
        Assert.Equal(before, Bytes(guard)[8..]); // they stay out of the window: however long the row, the rule sees them
    }

    [Fact]
    public void Judge_ALastingChangeOfLevelWithoutRollBack_IsTakenInTheEnd()
    {
        StepGuardState guard = Calm(128);
        string[] outcomes = Outcomes(guard, [.. Enumerable.Repeat(1e6, 8)], Settings with { MaxSpikes = 0 });
        Assert.Equal(["SkipOutlier", "SkipOutlier", "SkipOutlier", "SkipOutlier", "Apply", "Apply", "Apply", "Apply"], outcomes); // mean + 6 sigma of 124 calm steps and 4 of 1e6 is 1.09e6
    }

    [Fact]
    public void Judge_AnAppliedStepBetween_CountsAnew()
    {
        StepGuardState guard = Calm(128);
        Assert.Equal(["SkipNonFinite", "SkipNonFinite", "Apply", "SkipNonFinite", "SkipNonFinite", "RollBackNonFinite"], Outcomes(guard, [double.NaN, double.NaN, 3.0, double.NaN, double.NaN, double.NaN]));
    }

    [Fact]
    public void Judge_NotFiniteAndOutliersByTurns_DoNotGoOnForEver()
    {
        StepGuardState guard = Calm(128);
        Assert.Equal(["SkipNonFinite", "SkipOutlier", "SkipNonFinite", "SkipOutlier", "RollBackNonFinite"], Outcomes(guard, [double.NaN, 1e6, double.NaN, 1e9, double.NaN]));
    }

    [Fact]
    public void Judge_WithoutLimits_LeavesOutForEver()
    {
        StepGuardState guard = new();
        DecisionSettings settings = new(NonFinite: NonFinitePolicy.Skip);
        Assert.All(Outcomes(guard, [.. Enumerable.Repeat(double.NaN, 100)], settings), o => Assert.Equal("SkipNonFinite", o));
        Assert.Equal(100, guard.NotFiniteInRow);
        Assert.Equal(StepOutcome.StopNonFinite, StepGuard.Judge(guard, new DecisionSettings(), false, 1.0, 1.0));
    }

    [Fact]
    public void Took_StepThatIsNotFinite_LeavesTheWindowAsItIs()
    {
        StepGuardState guard = Calm(100);
        byte[] before = Bytes(guard)[8..];
        guard.Took(StepEffect.NotFinite, 0.0, 2.0);
        guard.Took(StepEffect.NotFinite, double.NaN, double.NaN);
        Assert.Equal(before, Bytes(guard)[8..]);
        Assert.Equal(2, guard.NotFiniteInRow);
    }

    [Fact]
    public void Restore_InTheMiddleOfAWindow_DecidesTheSameFromThere()
    {
        double[] losses = [.. Enumerable.Range(0, 300).Select(i => i % 41 == 40 ? double.NaN : i > 150 && i % 17 < 2 ? 50.0 + i : 3.0 + (0.01 * (i * 7919 % 13)))];
        StepGuardState quiet = new(128);
        string[] expected = Outcomes(quiet, losses, Settings with { MaxSkips = 0, MaxSpikes = 0 });
        Assert.Contains("SkipOutlier", expected);
        for (int cut = 1; cut < losses.Length; cut += 29)
        {
            StepGuardState first = new(128);
            Outcomes(first, losses[..cut], Settings with { MaxSkips = 0, MaxSpikes = 0 });
            StepGuardState resumed = new(128);
            resumed.Restore(Bytes(first));
            Assert.Equal(expected[cut..], Outcomes(resumed, losses[cut..], Settings with { MaxSkips = 0, MaxSpikes = 0 }));
            Assert.Equal(Bytes(quiet), Bytes(resumed));
        }
    }

    private static StepGuardState Calm(int steps)
    {
        StepGuardState guard = new(128);
        for (int i = 0; i < steps; i++)
        {
            guard.Took(StepEffect.Applied, 3.0 + (0.01 * (i % 5)), 1.0 + (0.02 * (i % 3)));
        }

        return guard;
    }

    // A loss that is not finite counts as 0 in the sum, beside a flag.
    private static string[] Outcomes(StepGuardState guard, double[] losses, DecisionSettings? settings = null)
    {
        List<string> outcomes = [];
        foreach (double loss in losses)
        {
            bool finite = double.IsFinite(loss);
            StepOutcome outcome = StepGuard.Judge(guard, settings ?? Settings, finite, finite ? loss : 0.0, 1.0);
            outcomes.Add(outcome.ToString());
            if (outcome is StepOutcome.Apply or StepOutcome.SkipOutlier or StepOutcome.SkipNonFinite)
            {
                guard.Took(StepGuard.EffectOf(outcome, settings ?? Settings), finite ? loss : 0.0, 1.0);
            }
        }

        return [.. outcomes];
    }

    private static byte[] Bytes(StepGuardState guard)
    {
        byte[] bytes = new byte[guard.EncodedBytes];
        guard.Write(bytes);
        return bytes;
    }
}

using Olmo.Actors.Drills;
using Olmo.Actors.Runs;

namespace Olmo.Actors.Tests.Drills;

public sealed class DrillTests : IDisposable
{
    private readonly string _folder = Path.Combine(Directory.CreateTempSubdirectory("olmo-drill-").FullName, "drill");
    private readonly List<int> _signals = [];

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_folder)!, recursive: true);

    [Fact]
    public void Passed_FaultOfAnotherStepPhaseOrProcess_DoesNothing()
    {
        Drill drill = Make(3, new DrillFault(0, DrillAct.Freeze, Phases.Forward, Process: 2, Step: 5), new DrillFault(1, DrillAct.Freeze, Phases.Forward, Process: 3, Step: 6));

        drill.Passed(Phases.Forward, 5);
        drill.Passed(Phases.Sums, 6);

        Assert.Empty(_signals);
    }

    [Fact]
    public void Strikes_FaultOfAPlace_IsThatOfEveryProcessThere()
    {
        DrillSettings settings = new([new DrillFault(0, DrillAct.FlipGradient, "", Step: 5, IsOnce: false, Place: 1)], []);

        Assert.NotNull(new Drill(settings, 3, false, _folder, TimeProvider.System, _signals.Add, place: 1).Strikes(DrillAct.FlipGradient, 5));
        Assert.NotNull(new Drill(settings, 7, false, _folder, TimeProvider.System, _signals.Add, place: 1).Strikes(DrillAct.FlipGradient, 5));
        Assert.Null(new Drill(settings, 3, false, _folder, TimeProvider.System, _signals.Add, place: 2).Strikes(DrillAct.FlipGradient, 5));
        Assert.Null(new Drill(settings, 1, true, _folder, TimeProvider.System, _signals.Add).Strikes(DrillAct.FlipGradient, 5));
    }

    [Fact]
    public void Passed_MomentOfTheFault_StrikesAtItsPassAndOnceInTheFolder()
    {
        DrillFault fault = new(0, DrillAct.Freeze, Phases.Forward, Step: 5, Pass: 1);
        Drill drill = Make(2, fault);

        drill.Passed(Phases.Forward, 5);
        Assert.Empty(_signals);
        drill.Passed(Phases.Forward, 5);
        Assert.Equal([19], _signals);

        Drill replacement = Make(3, fault);
        replacement.Passed(Phases.Forward, 5);
        replacement.Passed(Phases.Forward, 5);
        Assert.Equal([19], _signals);
        Assert.StartsWith("Freeze at forward 5", File.ReadAllText(Path.Combine(_folder, "0")).Split(' ', 2)[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Passed_FaultThatRepeats_StrikesEveryProcessEveryTime()
    {
        DrillFault fault = new(0, DrillAct.Throw, Phases.Forward, Step: 5, Group: 1, IsOnce: false);
        Drill first = Make(2, fault), second = Make(3, fault);

        first.Passed(Phases.Forward, 5); // not the group's own moment
        Assert.Throws<DrillException>(() => first.Passed(Phases.Forward, 5, 1));
        Assert.Throws<DrillException>(() => first.Passed(Phases.Forward, 5, 1));
        Assert.Throws<DrillException>(() => second.Passed(Phases.Forward, 5, 1));
        second.Passed(Phases.Forward, 5, 0);
    }

    [Fact]
    public void Strikes_SeveralSteps_OnceInEach()
    {
        Drill drill = Make(2, new DrillFault(0, DrillAct.DiskFull, "", Step: 5, Steps: 2));

        Assert.Null(drill.Strikes(DrillAct.DiskFull, 4));
        Assert.NotNull(drill.Strikes(DrillAct.DiskFull, 5));
        Assert.Null(drill.Strikes(DrillAct.DiskFull, 5));
        Assert.NotNull(drill.Strikes(DrillAct.DiskFull, 6));
        Assert.Null(drill.Strikes(DrillAct.DiskFull, 7));
        Assert.Null(drill.Strikes(DrillAct.FlipShard, 5));
    }

    [Fact]
    public void Of_EmptyDrill_IsNoDrillAndMakesNoFolder()
    {
        Assert.Same(NoDrill.Instance, Drill.Of(DrillSettings.None, 1, true, _folder, TimeProvider.System));
        Assert.False(Directory.Exists(_folder));
    }

    [Fact]
    public void Without_EveryName_SwitchesOneGuardOff()
    {
        Assert.Equal(Guards.All, Guards.Without([]));
        Guards[] each = [.. Guards.Names.Select(name => Guards.Without([name]))];

        Assert.Equal(Guards.Names.Count, each.Distinct().Count());
        Assert.DoesNotContain(Guards.All, each);
        Assert.Throws<ArgumentException>(() => Guards.Without(["no-such-guard"]));
    }

    [Fact]
    public void Passed_LoseLink_CountsALossOfTheLinksThatItNames()
    {
        Drill drill = Make(
            2, new DrillFault(0, DrillAct.LoseLink, Phases.Forward, Step: 5, Link: DrillLinks.Mesh), new DrillFault(1, DrillAct.LoseLink, Phases.Forward, Step: 6));

        drill.Passed(Phases.Forward, 5);
        Assert.Equal((1, 0), (drill.Losses(DrillLinks.Mesh), drill.Losses(DrillLinks.Control)));
        drill.Passed(Phases.Forward, 6);
        Assert.Equal((2, 1), (drill.Losses(DrillLinks.Mesh), drill.Losses(DrillLinks.Control)));
    }

    private Drill Make(int process, params DrillFault[] faults) => new(new DrillSettings(faults, []), process, false, _folder, TimeProvider.System, _signals.Add);
}

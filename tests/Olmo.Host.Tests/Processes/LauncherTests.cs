using Olmo.Host.Tests.Nodes;

namespace Olmo.Host.Tests.Processes;

[Collection(ProcessesCollection.Name)]
public sealed class LauncherTests(TinyRuns runs)
{
    [Fact]
    public async Task Run_OnlyTheDotnetRunAboveKilled_SavesLeavesAndTheSameCommandGoesOn()
    {
        string folder = runs.New();
        using OlmoProcess launcher = OlmoProcess.StartByDotnetRun(runs.Command(folder, TinyRuns.Slowly));
        await launcher.NextCommit();
        int child = Assert.Single(launcher.Children());
        try
        {
            (int refused, string said) = await OlmoProcess.Run(runs.Command(folder));
            Assert.Equal(2, refused);
            Assert.Contains($"is alive in process {child},", said, StringComparison.Ordinal);

            launcher.KillAlone();
            (int code, string output) = await OlmoProcess.Run(runs.Command(folder));

            Assert.True(code == 0, output);
            Assert.InRange(TinyRuns.ResumedFrom(output), 1, TinyRuns.Steps - 1);
            Assert.Equal(runs.Weights, TinyRuns.WeightsIn(output));
            // Whoever inherits an orphan may leave it unreaped: what counts is that it runs no more.
            Assert.Empty(await ChildSight.LivingAfter(TimeSpan.Zero, child));
        }
        finally
        {
            if (ChildSight.Lives(child))
            {
                ChildSight.Signal(child, ChildSight.KillNow);
            }
        }
    }

    [Fact]
    public async Task Run_SecondOfALivingRun_ExitsTwoAndNamesItsProcess()
    {
        string folder = runs.New();
        using OlmoProcess first = OlmoProcess.Start(runs.Command(folder, TinyRuns.Slowly));
        await first.NextCommit();

        (int code, string output) = await OlmoProcess.Run(runs.Command(folder));

        Assert.Equal(2, code);
        Assert.Contains($"is alive in process {first.Id},", output, StringComparison.Ordinal);
        Assert.Equal(0, await first.End());
        Assert.Equal(runs.Weights, TinyRuns.WeightsIn(first.Output));
    }
}

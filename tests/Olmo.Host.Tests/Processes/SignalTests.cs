namespace Olmo.Host.Tests.Processes;

[Collection(ProcessesCollection.Name)]
public sealed class SignalTests(TinyRuns runs)
{
    [Theory]
    [InlineData(OlmoProcess.Interrupt)]
    [InlineData(OlmoProcess.Terminate)]
    public async Task Run_Signal_SavesTheStepExitsFourAndTheSameCommandGoesOn(int signal)
    {
        string folder = runs.New();
        long stopped;
        using (OlmoProcess first = OlmoProcess.Start(runs.Command(folder, TinyRuns.Slowly)))
        {
            long committed = await first.NextCommit();
            first.Signal(signal);
            Assert.Equal(4, await first.End());
            stopped = TinyRuns.StoppedStep(first.Output);
            Assert.InRange(stopped, committed, TinyRuns.Steps - 1);
        }

        (int code, string output) = await OlmoProcess.Run(runs.Command(folder));

        Assert.True(code == 0, output);
        Assert.Equal(stopped, TinyRuns.ResumedFrom(output));
        Assert.Equal(runs.Weights, TinyRuns.WeightsIn(output));
    }

    [Fact]
    public async Task Run_Quit_SaysWhatEveryPartDoesAndLivesOn()
    {
        string folder = runs.New();
        using OlmoProcess run = OlmoProcess.Start(runs.Command(folder, "--set", "checkpoint.max-lag=0"), pauseAt: "shard-write:5");
        await run.Next("^step 20/");
        string moment;
        do
        {
            run.Signal(OlmoProcess.Quit);
            moment = await run.Next("^diagnosis of process");
        }
        while (!moment.EndsWith("last moment: shard-write 20 paused", StringComparison.Ordinal));

        Assert.Contains("phase Training", await run.Next("^  supervisor "), StringComparison.Ordinal);
        Assert.Contains("step 20 of 120", await run.Next("^  rank "), StringComparison.Ordinal);
        Assert.Contains("begun: 20;", await run.Next("^  checkpoints "), StringComparison.Ordinal);
        await run.Next("^  thread .* shards-20 ");
        run.Signal(OlmoProcess.Quit);
        await run.Next("^diagnosis of process");
    }
}

using Microsoft.Data.Sqlite;
using Olmo.Host.Tests.Nodes;
using Olmo.Host.Tests.Processes;
using static Olmo.Host.Tests.Scenarios.ScenarioRun;

namespace Olmo.Host.Tests.Scenarios;

/// <summary>What is not on the path of a step dies, stops or is away; and a run that is asked to stop.</summary>
[Collection(ScenariosCollection.Name)]
public sealed class SupervisionScenarioTests(ScenarioRuns runs)
{
    [ScenarioFact]
    public Task F10_KillRunSupervisor()
    {
        string[] guards = ["adoption"];
        return Scenario.Run(nameof(F10_KillRunSupervisor), guards, async () =>
        {
            ScenarioRun run = new(runs, guards);
            using OlmoProcess process = run.Start([Pace(40)], TwoRanks);
            int coordinator = ChildSight.ProcessId(await process.Next("^coordinator 1: started"));
            await ChildSight.UntilStep(process, 8);

            ChildSight.Signal(coordinator, ChildSight.KillNow);

            string output = await Complete(process);
            Says(output, "^coordinator 1: ended by signal 9");
            Says(output, "^coordinator 4: ready");
            SaysNot(output, "generation 2");
            await run.Check(output);
        });
    }

    [ScenarioFact]
    public Task F11_KillDataLoader()
    {
        string[] guards = ["loader-restart"];
        return Scenario.Run(nameof(F11_KillDataLoader), guards, async () =>
        {
            ScenarioRun run = new(runs, guards);

            string output = await run.Complete(["{ do = throw, at = load, rank = 3, step = 8 }"], TwoRanks);

            Assert.True(File.Exists(Path.Combine(run.Folder, "drill", "0")), output);
            SaysNot(output, "^fault at step");
            await run.Check(output);
        });
    }

    [ScenarioFact]
    public Task F27_DatabaseDown()
    {
        string[] guards = ["journal-outage"];
        return Scenario.Run(nameof(F27_DatabaseDown), guards, async () =>
        {
            ScenarioRun run = new(runs, guards);
            using OlmoProcess process = run.Start([Freeze("2", 4), Pace(100)], [.. TwoRanks, "journal.busy-timeout=20 ms"]);
            int rank = ChildSight.ProcessId(await process.Next("^rank 2: started"));
            await ChildSight.UntilStopped(rank); // no step ends, and no checkpoint begins, before the journal is away

            using (SqliteConnection held = await JournalTests.Lock(run.Folder))
            {
                ChildSight.Signal(rank, ChildSight.Continue);
                await process.Next("^the journal is unavailable, steps go on and commits wait");
                await ChildSight.UntilStep(process, ScenarioRuns.Steps);
            }

            string output = await Complete(process);
            SaysNot(output, "generation 2");
            await run.Check(output);
        });
    }

    [ScenarioFact]
    public Task F50_PreemptionNotice()
    {
        string[] guards = ["stop-checkpoint"];
        return Scenario.Run(nameof(F50_PreemptionNotice), guards, async () =>
        {
            ScenarioRun run = new(runs, guards);
            const int Seen = 8; // past a boundary, so that what is saved there is not enough
            using OlmoProcess process = run.Start([Freeze("3", Seen + 1)], TwoRanks);
            int rank = ChildSight.ProcessId(await process.Next("^rank 3: started"));
            await ChildSight.UntilStep(process, Seen);
            await ChildSight.UntilStopped(rank);

            process.Signal(OlmoProcess.Terminate);
            if (!Scenario.IsRed)
            {
                await process.Next("^stopping after the step that runs"); // without the guard nobody says so
            }

            if (ChildSight.Lives(rank))
            {
                ChildSight.Signal(rank, ChildSight.Continue);
            }

            int code = await process.End();
            Assert.True(code == 4, process.Output);
            SaysNot(process.Output, "^fault at step");
            long stopped = TinyRuns.StoppedStep(process.Output);
            Assert.InRange(stopped, Seen, ScenarioRuns.Steps - 1);
            await Invariants.Check(run.Folder, process.Output, runs.Quiet, 0, Olmo.Actors.Runs.StopReason.Preempted);

            string output = await run.Complete([], TwoRanks);
            Assert.Equal(stopped, TinyRuns.ResumedFrom(output));
            await run.Check(output);
        });
    }
}

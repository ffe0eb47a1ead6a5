using System.Globalization;
using Olmo.Host.Tests.Nodes;
using Olmo.Host.Tests.Processes;
using static Olmo.Host.Tests.Scenarios.ScenarioRun;

namespace Olmo.Host.Tests.Scenarios;

/// <summary>
/// A rank dies and is replaced, again and again in one run: what node, coordinator and survivor hold does not grow. A thousand cycles of the engine alone are in the tests of
/// Olmo.Actors; here are fewer, of real processes.
/// </summary>
[Collection(ScenariosCollection.Name)]
public sealed class ThousandCyclesTests(ScenarioRuns runs)
{
    private const int Cycles = 30;
    private const int Warm = 6; // cycles before the first look: code is compiled and pools are filled by then
    private const int FirstLook = 6; // step at whose beginning the survivor stands still
    private const int Spare = 8; // threads, and handles
    private const long SpareBytes = 32L << 20;

    // Weights of some megabytes: what is not freed is seen at once.
    private static readonly string[] Wide = ["model.width=128", "model.ffn=256"];

    [ScenarioFact]
    public Task F49_ThousandCycles_OfProcesses()
    {
        string[] guards = ["release"];
        return Scenario.Run(nameof(F49_ThousandCycles_OfProcesses), guards, async () =>
        {
            string quiet = await runs.QuietOf(Wide);
            ScenarioRun run = new(runs, guards) { Quiet = quiet };
            using OlmoProcess process = run.Start(
                [.. Enumerable.Range(0, Cycles).Select(i => Kill("forward", Victim(i), StepOf(i))), Freeze("2", FirstLook), Freeze("2", ScenarioRuns.Steps)],
                [.. TwoRanks, .. Wide, "supervision.max-faults=1000", "supervision.max-faults-without-progress=1000"]);
            int coordinator = ChildSight.ProcessId(await process.Next("^coordinator 1: started"));
            int survivor = ChildSight.ProcessId(await process.Next("^rank 2: started"));
            int[] watched = [process.Id, coordinator, survivor];

            Footprint[] before = await LookAfter(process, Warm, survivor, watched);
            Footprint[] after = await LookAfter(process, Cycles - Warm, survivor, watched);

            string output = await Complete(process);
            Assert.Equal(Cycles, output.Split("ended by signal 9").Length - 1);
            WentOnFromSurvivors(output);
            for (int i = 0; i < watched.Length; i++)
            {
                string what = $"{(i == 0 ? "node" : i == 1 ? "coordinator" : "survivor")}: {before[i]}, {Cycles - Warm} cycles later {after[i]}";
                Assert.True(after[i].Threads <= before[i].Threads + Spare, what);
                Assert.True(after[i].Handles <= before[i].Handles + Spare, what);
                Assert.True(after[i].Bytes <= before[i].Bytes + SpareBytes, what);
            }

            await run.Check(output);
        });
    }

    private static string Victim(int cycle) => (3 + cycle).ToString(CultureInfo.InvariantCulture);

    // Nobody dies in the step at which the survivor stands still.
    private static int StepOf(int cycle) =>
        cycle < Warm ? 1 + (cycle * (FirstLook - 1) / Warm) : FirstLook + 1 + ((cycle - Warm) * (ScenarioRuns.Steps - FirstLook - 1) / (Cycles - Warm));

    private static async Task<Footprint[]> LookAfter(OlmoProcess process, int cycles, int survivor, int[] watched)
    {
        for (int cycle = 0; cycle < cycles; cycle++)
        {
            await process.Next("^goes on from step");
        }

        await ChildSight.UntilStopped(survivor);
        Footprint[] seen = [.. watched.Select(Footprint.Of)];
        ChildSight.Signal(survivor, ChildSight.Continue);
        return seen;
    }

    private sealed record Footprint(int Threads, int Handles, long Bytes)
    {
        public static Footprint Of(int process) => new(
            Directory.GetDirectories($"/proc/{process}/task").Length,
            Directory.GetFileSystemEntries($"/proc/{process}/fd").Length,
            long.Parse(File.ReadAllText($"/proc/{process}/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize);

        public override string ToString() => $"{Threads} threads, {Handles} handles, {Bytes >> 20} MB";
    }
}

using System.Diagnostics;
using System.Globalization;
using Olmo.Actors.Drills;
using Olmo.Host.Tests.Scenarios;

namespace Olmo.Actors.Tests.Ranks;

/// <summary>A rank dies and is replaced, again and again: what the survivor's process holds does not grow. OLMO_SCENARIO_CYCLES sets how often; 40 by default.</summary>
[Collection(Name)]
public sealed class ThousandCyclesScenarioTests
{
    private const string Name = "scenarios"; // alone, since threads and handles of the process are counted
    private const int SpareThreads = 8;
    private const long SpareBytes = 24L << 20;

    [Fact]
    public Task F49_ThousandCycles()
    {
        string[] guards = ["release"];
        int cycles = int.Parse(Environment.GetEnvironmentVariable("OLMO_SCENARIO_CYCLES") ?? "40", CultureInfo.InvariantCulture);
        return Scenario.Run(nameof(F49_ThousandCycles), guards, () =>
        {
            Cycle(cycles, guards);
            return Task.CompletedTask;
        });
    }

    private static void Cycle(int cycles, string[] guards)
    {
        IDrill? drill = Scenario.IsRed ? new WithoutGuards(Guards.Without(guards)) : null;
        using WorldOfThreads world = new(2, 2, drill: drill);
        world.Form(2);
        world.RunTo(1);
        (int Threads, int Handles, long Bytes) before = default;
        for (int cycle = 1; cycle <= cycles; cycle++)
        {
            world.Ranks[^1].Die();
            world.Add();
            world.Recover();
            world.RunTo(cycle + 1);
            world.Bury();
            if (cycle == cycles / 2) // by then every arena of the C library that threads allocate from has been used
            {
                before = Held();
            }
        }

        (int threads, int handles, long bytes) = Held();
        Assert.Equal(cycles + 1, world.Ranks[0].Engine.Step);
        Assert.Equal(0, world.CheckpointLoads);
        Assert.InRange(threads, 0, before.Threads + SpareThreads);
        Assert.InRange(handles, 0, before.Handles + SpareThreads);
        Assert.InRange(bytes, 0, before.Bytes + SpareBytes);
    }

    private static (int Threads, int Handles, long Bytes) Held()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        using Process self = Process.GetCurrentProcess();
        return (Directory.GetDirectories("/proc/self/task").Length, Directory.GetFileSystemEntries("/proc/self/fd").Length, self.WorkingSet64);
    }

    private sealed class WithoutGuards(Guards guards) : IDrill
    {
        public Guards Guards => guards;

        public void Passed(string phase, long step, int group = -1)
        {
        }

        public DrillFault? Strikes(DrillAct act, long step, int group = -1) => null;
    }

    /// <summary>Tests that have the process for themselves.</summary>
    [CollectionDefinition(Name, DisableParallelization = true)]
    public sealed class Alone;
}

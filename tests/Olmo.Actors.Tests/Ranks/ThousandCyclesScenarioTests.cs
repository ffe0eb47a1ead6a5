using System.Globalization;
using System.Text;
using Olmo.Actors.Drills;
using Olmo.Host.Tests.Scenarios;

namespace Olmo.Actors.Tests.Ranks;

/// <summary>A rank dies and is replaced, again and again: what the survivor's process holds does not grow. OLMO_SCENARIO_CYCLES sets how often; 40 by default.</summary>
[Collection(Name)]
public sealed class ThousandCyclesScenarioTests
{
    private const string Name = "scenarios"; // alone, since threads and handles of the process are counted
    private const int Warm = 20; // cycles before the first look: code is compiled and pools are filled by then
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
        Footprint before = default;
        StringBuilder seen = new();
        for (int cycle = 1; cycle <= cycles; cycle++)
        {
            world.Ranks[^1].Die();
            world.Add();
            world.Recover();
            world.RunTo(cycle + 1);
            world.Bury();
            if (cycle == Warm || cycle % 100 == 0 || cycle == cycles)
            {
                Footprint now = Held();
                before = cycle <= Warm ? now : before;
                seen.Append(CultureInfo.InvariantCulture, $"after {cycle} cycles {now.Threads} threads, {now.Handles} handles, {now.Bytes >> 10:N0} KB, of them {now.ManagedBytes >> 10:N0} KB of objects; ");
                bool isBack = now.Threads <= before.Threads + SpareThreads && now.Handles <= before.Handles + SpareThreads && now.Bytes <= before.Bytes + SpareBytes;
                Assert.True(isBack, seen.ToString());
            }
        }

        Assert.Equal(cycles + 1, world.Ranks[0].Engine.Step);
        Assert.Equal(0, world.CheckpointLoads);
    }

    private static Footprint Held()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true); // what the collector keeps for itself goes back to the system too
        return new Footprint(Directory.GetDirectories("/proc/self/task").Length, Directory.GetFileSystemEntries("/proc/self/fd").Length, BytesOfItsOwn(), GC.GetTotalMemory(forceFullCollection: false));
    }

    // All but pages of files, which the system takes away and brings back as it likes.
    private static long BytesOfItsOwn() => File.ReadLines("/proc/self/status")
        .Where(l => l.StartsWith("RssAnon:", StringComparison.Ordinal) || l.StartsWith("RssShmem:", StringComparison.Ordinal))
        .Sum(l => long.Parse(l[(l.IndexOf(':') + 1)..^"kB".Length], CultureInfo.InvariantCulture) << 10);

    private readonly record struct Footprint(int Threads, int Handles, long Bytes, long ManagedBytes);

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

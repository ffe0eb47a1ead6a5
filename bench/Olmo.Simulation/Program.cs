using System.Globalization;
using Olmo.TestKit.Simulation;

// Usage: Olmo.Simulation [HISTORIES] [SEED]. Exit code 1 if a history violates a check, or a rule can be switched off unseen.
const int PlantedLimit = 5000;
const ulong PlantedOffset = 1UL << 40;
int histories = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 100_000;
ulong seed = args.Length > 1 ? ulong.Parse(args[1], CultureInfo.InvariantCulture) : 1;
TimeProvider time = TimeProvider.System;
long start = time.GetTimestamp();
Console.WriteLine($"{histories} histories, seed {seed}");

int clean = 0;
bool isViolated = false;
for (int i = 0; i < SimulationShape.All.Count; i++)
{
    SimulationShape shape = SimulationShape.All[i];
    int share = (histories / SimulationShape.All.Count) + (i < histories % SimulationShape.All.Count ? 1 : 0);
    SearchResult result = ProtocolSearch.Search(shape, seed + ((ulong)i << 32), share);
    FaultCounts faults = result.Faults;
    Console.WriteLine(
        $"{shape.Name,-14} {result.Histories,7} histories {result.Events,10} events {result.Generations,7} generations; faults: {faults.Kills} kills, {faults.Freezes} freezes "
        + $"({faults.Thaws} thawed), {faults.Coordinators} coordinators, {faults.Growths} growths, {faults.Flips} flipped bits; {result.Checkpoints} checkpoint fallbacks");
    clean += result.Histories - (result.Violation is null ? 0 : 1);
    if (result.Violation is { } outcome)
    {
        isViolated = true;
        Tell(shape, outcome);
    }
}

int found = 0;
foreach (PlantedBug bug in ProtocolSearch.PlantedBugs)
{
    PlantedBugResult result = ProtocolSearch.Find(bug, seed + PlantedOffset, PlantedLimit);
    found += result.Violation is null ? 0 : 1;
    Console.WriteLine(
        result.Violation is { } outcome
            ? $"without {bug.Name}: history {result.Histories}, {result.Shape!.Name}, seed {outcome.Seed}: {outcome.Violation}"
            : $"without {bug.Name}: NOT FOUND in {PlantedLimit} histories");
}

Console.WriteLine($"{time.GetElapsedTime(start).TotalSeconds.ToString("F1", CultureInfo.InvariantCulture)} s");
Console.WriteLine(
    $"{clean} histories {(isViolated ? "clean before a VIOLATION" : "clean")}, {found} of {ProtocolSearch.PlantedBugs.Count} planted bugs found within {PlantedLimit}");
return isViolated || found < ProtocolSearch.PlantedBugs.Count ? 1 : 0;

static void Tell(SimulationShape shape, HistoryOutcome outcome)
{
    foreach (string line in ProtocolSearch.Run(shape, outcome.Seed, isTraced: true).Trace)
    {
        Console.WriteLine("  " + line);
    }

    Console.WriteLine($"VIOLATION in {shape.Name}, seed {outcome.Seed}: {outcome.Violation}");
}

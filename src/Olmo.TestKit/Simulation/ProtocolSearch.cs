using Olmo.Actors.Worlds;

namespace Olmo.TestKit.Simulation;

/// <summary>Runs random histories of a shape.</summary>
public static class ProtocolSearch
{
    /// <summary>
    /// Every rule that can be switched off. Rule 1 guards against the faults of other rules: alone it is never called upon, so it goes with rule 4.
    /// </summary>
    public static IReadOnlyList<PlantedBug> PlantedBugs { get; } =
    [
        new("rule 1: only disjoint sums are added (beside rule 4)", ProtocolRules.All with { Disjoint = false, Singles = false }),
        new("rule 2: the exchange sends only the own replica's part", ProtocolRules.All with { OwnOnly = false }),
        new("rule 3: a rank keeps what it sent", ProtocolRules.All with { Retain = false }),
        new("rule 4: a recomputed group is an atom of its own", ProtocolRules.All with { Singles = false }),
        new("rule 7: announcements of one generation", ProtocolRules.All with { OneGeneration = false }),
        new("rule 7: of every owner of every shard", ProtocolRules.All with { FullSet = false }),
        new("rule 8: unequal announcements apply nothing", ProtocolRules.All with { EqualDigests = false }),
        new("rule 10: survivors roll forward", ProtocolRules.All with { RollForward = false }),
        new("rule 10: nobody applies before the new generation announces", ProtocolRules.All with { NoEarlyApply = false }),
        new("rule 11: every owner takes exactly the base", ProtocolRules.All with { ExactBase = false }),
        new("rule 12: a report is a promise", ProtocolRules.All with { Promise = false }),
        new("rule 12: plans of a lower number are refused", ProtocolRules.All with { RefuseOldPlans = false }),
        new("rule 13: the token fences the journal", ProtocolRules.All with { Fence = false }),
        new("rule 14: a new owner announces only with verified state", ProtocolRules.All with { VerifiedState = false }),
        new("rule 14: a former owner keeps a moved shard", ProtocolRules.All with { KeepMoved = false }),
        new("rule 15: parameters are gathered anew", ProtocolRules.All with { GatherAnew = false }),
        new("rule 16: only verified state is reported", ProtocolRules.All with { ReportVerifiedOnly = false }),
        new("a thawed rank that was left out is a spare", ProtocolRules.All with { ThawedIsSpare = false }),
    ];

    /// <summary>Runs one history.</summary>
    /// <param name="shape">The world.</param>
    /// <param name="seed">The same seed gives the same history.</param>
    /// <param name="rules">Null: every rule is on.</param>
    /// <param name="isTraced">Keep every event as text.</param>
    public static HistoryOutcome Run(SimulationShape shape, ulong seed, ProtocolRules? rules = null, bool isTraced = false)
    {
        ArgumentNullException.ThrowIfNull(shape);
        return new WorldHistory(shape, rules ?? ProtocolRules.All, new QuietRun(shape), seed, isTraced).Run();
    }

    /// <summary>Runs histories until one violates a check, or <paramref name="histories"/> are done.</summary>
    /// <param name="shape">The world.</param>
    /// <param name="firstSeed">Seed of the first; the next have the numbers after it.</param>
    /// <param name="histories">How many.</param>
    /// <param name="rules">Null: every rule is on.</param>
    public static SearchResult Search(SimulationShape shape, ulong firstSeed, int histories, ProtocolRules? rules = null)
    {
        ArgumentNullException.ThrowIfNull(shape);
        QuietRun quiet = new(shape);
        long events = 0;
        long checkpoints = 0;
        long generations = 0;
        FaultCounts faults = default;
        for (int i = 0; i < histories; i++)
        {
            HistoryOutcome outcome = new WorldHistory(shape, rules ?? ProtocolRules.All, quiet, firstSeed + (ulong)i, isTraced: false).Run();
            events += outcome.Events;
            checkpoints += outcome.Checkpoints;
            generations += outcome.Generations;
            faults += outcome.Faults;
            if (outcome.Violation is not null)
            {
                return new SearchResult(shape, i + 1, events, generations, checkpoints, faults, outcome);
            }
        }

        return new SearchResult(shape, histories, events, generations, checkpoints, faults, null);
    }

    /// <summary>Runs histories of all shapes in turn, without a rule, until one violates a check.</summary>
    /// <param name="bug">The rule.</param>
    /// <param name="firstSeed">Seed of the first history.</param>
    /// <param name="limit">Most histories.</param>
    public static PlantedBugResult Find(PlantedBug bug, ulong firstSeed, int limit)
    {
        ArgumentNullException.ThrowIfNull(bug);
        QuietRun[] quiet = [.. SimulationShape.All.Select(shape => new QuietRun(shape))];
        for (int i = 0; i < limit; i++)
        {
            int s = i % quiet.Length;
            HistoryOutcome outcome = new WorldHistory(SimulationShape.All[s], bug.Rules, quiet[s], firstSeed + (ulong)i, isTraced: false).Run();
            if (outcome.Violation is not null)
            {
                return new PlantedBugResult(i + 1, SimulationShape.All[s], outcome);
            }
        }

        return new PlantedBugResult(limit, null, null);
    }
}

/// <summary>A rule that is switched off.</summary>
/// <param name="Name">The rule.</param>
/// <param name="Rules">Every other rule.</param>
public sealed record PlantedBug(string Name, ProtocolRules Rules);

/// <summary>How a switched-off rule was found.</summary>
/// <param name="Histories">Histories that ran, the violating one included.</param>
/// <param name="Shape">World of the violating history; null if none was found.</param>
/// <param name="Violation">The violating history; null if none was found.</param>
public sealed record PlantedBugResult(int Histories, SimulationShape? Shape, HistoryOutcome? Violation);

/// <summary>What a search found.</summary>
/// <param name="Shape">The world.</param>
/// <param name="Histories">Histories that ran, the violating one included.</param>
/// <param name="Events">Their events.</param>
/// <param name="Generations">Worlds that were formed.</param>
/// <param name="Checkpoints">Times that a checkpoint had to be loaded.</param>
/// <param name="Faults">Faults that were injected.</param>
/// <param name="Violation">The history that violated a check; null if none did.</param>
public sealed record SearchResult(
    SimulationShape Shape, int Histories, long Events, long Generations, long Checkpoints, FaultCounts Faults, HistoryOutcome? Violation);

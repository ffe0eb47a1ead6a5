using Olmo.Actors.Worlds;

namespace Olmo.TestKit.Simulation;

/// <summary>Runs random histories of a shape.</summary>
public static class ProtocolSearch
{
    /// <summary>Names of the rules that can be switched off, and how.</summary>
    public static IReadOnlyList<(string Name, ProtocolRules Without)> PlantedBugs { get; } =
    [
        ("rule 1: only disjoint sums are added (beside rule 4)", ProtocolRules.All with { Disjoint = false, Singles = false }),
        ("rule 2: the exchange sends only the own replica's part", ProtocolRules.All with { OwnOnly = false }),
        ("rule 3: a rank keeps what it sent", ProtocolRules.All with { Retain = false }),
        ("rule 4: a recomputed group is an atom of its own", ProtocolRules.All with { Singles = false }),
        ("rule 7: announcements of one generation", ProtocolRules.All with { OneGeneration = false }),
        ("rule 7: of every owner of every shard", ProtocolRules.All with { FullSet = false }),
        ("rule 8: unequal announcements apply nothing", ProtocolRules.All with { EqualDigests = false }),
        ("rule 10: survivors roll forward", ProtocolRules.All with { RollForward = false }),
        ("rule 10: nobody applies before the new generation announces", ProtocolRules.All with { NoEarlyApply = false }),
        ("rule 11: every owner takes exactly the base", ProtocolRules.All with { ExactBase = false }),
        ("rule 12: a report is a promise", ProtocolRules.All with { Promise = false }),
        ("rule 12: plans of a lower number are refused", ProtocolRules.All with { RefuseOldPlans = false }),
        ("rule 13: the token fences the journal", ProtocolRules.All with { Fence = false }),
        ("rule 14: a new owner announces only with verified state", ProtocolRules.All with { VerifiedState = false }),
        ("rule 14: a former owner keeps a moved shard", ProtocolRules.All with { KeepMoved = false }),
        ("rule 15: parameters are gathered anew", ProtocolRules.All with { GatherAnew = false }),
        ("rule 16: only verified state is reported", ProtocolRules.All with { ReportVerifiedOnly = false }),
        ("a thawed rank that was left out is a spare", ProtocolRules.All with { ThawedIsSpare = false }),
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
}

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

namespace Olmo.TestKit.Simulation;

/// <summary>What came of one history.</summary>
/// <param name="Seed">It gives the same history again.</param>
/// <param name="Violation">What was broken, with the letter of the check; null if nothing.</param>
/// <param name="Events">Events that happened.</param>
/// <param name="Faults">Faults that were injected.</param>
/// <param name="Generations">Worlds that were formed.</param>
/// <param name="Checkpoints">Times that a checkpoint had to be loaded.</param>
/// <param name="Trace">Events as text, if asked for.</param>
public sealed record HistoryOutcome(
    ulong Seed, string? Violation, long Events, FaultCounts Faults, int Generations, int Checkpoints, IReadOnlyList<string> Trace);

/// <summary>Faults of a history, or of many.</summary>
public readonly record struct FaultCounts(long Kills, long Freezes, long Thaws, long Coordinators, long Growths, long Flips)
{
    /// <summary>All of them.</summary>
    public long Total => Kills + Freezes + Coordinators + Growths + Flips;

    /// <summary>Sums member by member.</summary>
    public static FaultCounts operator +(FaultCounts a, FaultCounts b) =>
        new(a.Kills + b.Kills, a.Freezes + b.Freezes, a.Thaws + b.Thaws, a.Coordinators + b.Coordinators, a.Growths + b.Growths, a.Flips + b.Flips);

    /// <summary>Same as the operator.</summary>
    public static FaultCounts Add(FaultCounts left, FaultCounts right) => left + right;
}

namespace Olmo.Actors.Ranks;

/// <summary>How long a section may take.</summary>
/// <param name="Floor">No limit is shorter: <c>ranks.operation-timeout</c>, so that a lost transfer is found first.</param>
/// <param name="Ceiling">No limit is longer: <c>ranks.step-timeout</c>.</param>
public sealed record SectionLimits(TimeSpan Floor, TimeSpan Ceiling)
{
    private const int Allowance = 5;

    /// <summary>True for sections in which a rank waits for others: whoever is too long in one is the victim.</summary>
    public static bool WaitsForOthers(RankSection section) =>
        section is RankSection.Wait or RankSection.Setup or RankSection.Sums or RankSection.Audit or RankSection.Announce or RankSection.Gather;

    /// <summary>The limit of a section: five times the longest time seen, between floor and ceiling; the ceiling while little was seen, and where others decide how long it takes.</summary>
    /// <param name="section">The section.</param>
    /// <param name="learnt">Longest time that it took; null while little was seen.</param>
    /// <returns>Null: as long as it takes.</returns>
    public TimeSpan? Of(RankSection section, TimeSpan? learnt)
    {
        if (section is RankSection.None)
        {
            return null;
        }

        if (learnt is not { } longest || WaitsForOthers(section))
        {
            return Ceiling;
        }

        TimeSpan limit = longest * Allowance;
        return limit < Floor ? Floor : limit > Ceiling ? Ceiling : limit;
    }
}

namespace Olmo.Actors.Worlds;

/// <summary>What came of the reports.</summary>
public abstract record FormationResult
{
    private FormationResult()
    {
    }

    /// <summary>The next world.</summary>
    public sealed record Formed(GenerationPlan Plan) : FormationResult;

    /// <summary>Survivors cannot go on by themselves: the newest committed checkpoint that verifies is loaded by <see cref="WorldFormation.FromState"/>.</summary>
    /// <param name="Reason">Why.</param>
    /// <param name="Shard">First shard that no living owner can bring to the common step, or -1.</param>
    public sealed record CheckpointNeeded(string Reason, int Shard) : FormationResult;

    /// <summary>Fewer ranks are there than the recipe allows: the run waits for more.</summary>
    public sealed record TooFewRanks(int Ranks, int MinRanks) : FormationResult;
}

namespace Olmo.Model.Steps;

/// <summary>
/// What an owner says of a shard whose sum covers all groups. The announcements are the vote: whoever holds those of all owners of all shards, of one
/// generation, derives what happens to the step as a pure function of them.
/// </summary>
/// <param name="Id">Step that would be applied, and the world in which it was said.</param>
/// <param name="Shard">Shard.</param>
/// <param name="Replica">Replica whose owner speaks.</param>
/// <param name="SumOfSquares">Of the shard's summed gradient as fp32: fp64, chunks in order.</param>
/// <param name="SumDigest">Linear digest of the fixed-point sum.</param>
/// <param name="StateDigest">Digest of parameters and moments before the step.</param>
/// <param name="Loss">Scalars of all groups.</param>
/// <param name="IsFinite">False if any contribution held a value that was not finite or too large.</param>
/// <param name="IsIntact">False if the owner's sum does not have the digest that its contributions announced: it is void, whatever others say.</param>
/// <param name="RunDigest">Digest of the run's replicated state before the step (counters, guard, ledger): equal for all shards.</param>
public readonly record struct Announcement(
    StepIdentity Id,
    int Shard,
    int Replica,
    double SumOfSquares,
    ulong SumDigest,
    ulong StateDigest,
    LossParts Loss,
    bool IsFinite,
    bool IsIntact = true,
    ulong RunDigest = 0)
{
    /// <summary>True if two owners of one shard say the same; bits of the norm are compared, not values.</summary>
    public bool HasSameContent(in Announcement other) =>
        Id == other.Id && Shard == other.Shard && SumDigest == other.SumDigest && StateDigest == other.StateDigest && Loss == other.Loss
        && IsFinite == other.IsFinite && RunDigest == other.RunDigest && IsIntact && other.IsIntact
        && BitConverter.DoubleToInt64Bits(SumOfSquares) == BitConverter.DoubleToInt64Bits(other.SumOfSquares);

    /// <summary>True if the shard is void by this (rule 5): another owner of it says something else, or the owner of another shard was sent other scalars or holds another state of the run.</summary>
    /// <param name="ofShard">Of the same shard.</param>
    /// <param name="ofAny">Of any shard.</param>
    public bool Contradicts(in Announcement ofShard, in Announcement ofAny) => !HasSameContent(ofShard) || Loss != ofAny.Loss || RunDigest != ofAny.RunDigest;
}

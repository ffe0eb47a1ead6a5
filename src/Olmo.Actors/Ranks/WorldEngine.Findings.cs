using Olmo.Model.Steps;

namespace Olmo.Actors.Ranks;

/// <content>What is wrong with sums, and whose fault it is.</content>
public sealed partial class WorldEngine
{
    /// <inheritdoc/>
    public event Action<IRankFinding>? Found;

    private void Report(WorldGeneration generation, ReadOnlySpan<Announcement> said, ReadOnlySpan<bool> isVoid)
    {
        if (generation.Self != 0)
        {
            return;
        }

        SortedSet<int> suspects = [];
        foreach (ref readonly Announcement one in said)
        {
            if (!one.IsIntact)
            {
                suspects.Add(generation.Plan.Members[generation.World.OwnerOf(one.Replica, one.Shard)]);
            }
        }

        Found?.Invoke(new SumsVoid(generation.Number, generation.SumStep, generation.Attempt, isVoid.IndexOf(true), [.. suspects]));
    }

    // What the run holds has not the digest any more that it had when it was sent: sent again it would be wrong everywhere, and equal. It is computed anew.
    private void DropSpoiltRun(ReadOnlySpan<bool> isVoid)
    {
        for (int shard = 0; shard < isVoid.Length; shard++)
        {
            if (isVoid[shard] && !Local.IsShardIntact(shard))
            {
                lock (Gate)
                {
                    _run.Drop();
                }

                return;
            }
        }
    }
}

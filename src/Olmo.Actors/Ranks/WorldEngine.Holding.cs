using System.Collections.Immutable;
using Olmo.Actors.Worlds;
using Olmo.Model.State;
using Olmo.Model.Steps;

namespace Olmo.Actors.Ranks;

/// <content>State that this rank will own: what it has of it, and the memory that a joiner needs.</content>
public sealed partial class WorldEngine
{
    // What a joiner takes when it is named: state, and the sums of its replica and of the others. Which shards it will own it does not know, but all positions have about as many.
    private void ReserveAhead()
    {
        if (_settings.RanksAhead < 1)
        {
            return;
        }

        WorldPlan world = new(_settings.RanksAhead, _settings.Step.Replicas, _settings.Step.Groups, _settings.Step.Shards);
        int widest = 0;
        for (int position = 1; position < world.Ranks; position++)
        {
            widest = world.ShardsOf(position).Length > world.ShardsOf(widest).Length ? position : widest;
        }

        ShardPlacement placement = world.ShardsOf(widest).Length == Layout.Shards ? Local.Placement : new ShardPlacement(Layout, world.ShardsOf(widest));
        long sums = GradientAccumulator.SizeOf(placement);
        _device.Reserve(TrainingState.SizeOf(placement));
        _device.Reserve(sums); // of its replica, in the first step after it joined
        if (world.Replicas > 1)
        {
            _device.Reserve(sums);
            _device.Reserve(StepGradient.SizeOf(placement));
        }

        _device.Reserve(GradientAccumulator.SizeOf(Local.Placement)); // of a group that it computes for the one who died
    }

    private Holding HoldingFor(GenerationPlan plan, WorldPlan world, int self, SortedDictionary<int, (Holding Holding, SumPair Sums)> sources)
    {
        ImmutableArray<int> shards = world.ShardsOf(self);
        Holding? same = null;
        lock (Gate)
        {
            foreach ((Holding held, _) in Held())
            {
                same ??= held.Step == plan.StateStep && held.Placement.Shards.AsSpan().SequenceEqual(shards.AsSpan()) ? held : null;
            }
        }

        // What a former world left unfinished at this very step goes on where it stopped.
        Holding holding = same ?? new Holding(
            TrainingState.Unfilled(
                shards.Length == Layout.Shards ? Local.Placement : new ShardPlacement(Layout, shards), Parameters,
                new RunProgress(_settings.Step.Decision.SkipStep?.Window ?? 0)),
            plan.StateStep);
        foreach (int shard in shards)
        {
            if (plan.MoveOf(shard, RankId) is not null)
            {
                // A rank that was left out of a world holds what nobody counts on; what is half there is verified by its donor's digest.
                lock (Gate)
                {
                    if (holding.IsVerified(shard))
                    {
                        holding.Forget(shard);
                    }
                }

                continue;
            }

            if (holding.IsVerified(shard) || !sources.TryGetValue(shard, out (Holding Holding, SumPair Sums) source) || source.Holding.Step != plan.StateStep)
            {
                continue;
            }

            TrainingState from = source.Holding.State;
            if (holding.State.Progress.Step != plan.StateStep)
            {
                holding.State.Progress.Restore(from.Progress.ToBytes());
            }

            ulong digest = 0;
            for (int k = 0; k < Layout.ChunksOfShard(shard); k++)
            {
                int chunk = Layout.ChunkOfShard(shard, k);
                holding.State.CopyChunk(from, chunk);
                digest += holding.State.RefreshDigest(chunk);
            }

            if (digest != from.DigestOf(shard) && Drill.Guards.StateDigest)
            {
                throw new SumDigestMismatchException($"State of shard {shard} after step {plan.StateStep}, copied here", from.DigestOf(shard), digest);
            }

            lock (Gate)
            {
                for (int k = 0; k < Layout.ChunksOfShard(shard); k++)
                {
                    holding.Took(Layout.ChunkOfShard(shard, k));
                }

                holding.Verify(shard);
            }
        }

        return holding;
    }
}

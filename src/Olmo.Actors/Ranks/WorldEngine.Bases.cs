using Olmo.Actors.Worlds;
using Olmo.Model.Steps;

namespace Olmo.Actors.Ranks;

/// <content>Sums that survivors held when a world was formed (rule 11).</content>
public sealed partial class WorldEngine
{
    // Base pieces that are here already; the others are counted. Rule 11: exactly these, and nothing else of the old sums.
    private int[] TakeBase(GenerationPlan plan, SortedDictionary<int, (Holding Holding, SumPair Sums)> sources, Holding holding, SumPair sums)
    {
        int[] left = new int[Layout.Shards];
        foreach (int shard in holding.Placement.Shards)
        {
            // What the plan moves here it sends as a whole: nobody counts on what is held of it.
            SumPair? from = plan.MoveOf(shard, RankId) is null && sources.TryGetValue(shard, out (Holding Holding, SumPair Sums) source) ? source.Sums : null;
            for (int layer = 0; layer <= Layout.Layers; layer++)
            {
                RangePlan range = plan.RangeOf(layer, shard);
                SumPieces held = from?.Pieces(layer, shard) ?? default;
                foreach (BasePiece piece in range.Base)
                {
                    if (piece.Receivers.Contains(RankId))
                    {
                        left[shard]++;
                    }
                    else if (held.Own != piece.Groups && held.Foreign != piece.Groups)
                    {
                        throw new InvalidDataException(
                            $"the plan of generation {plan.Generation} takes groups {piece.Groups} of layer {layer}, shard {shard} from here, where {held.Own} and {held.Foreign} are held");
                    }
                }

                KeptPieces kept = RankRules.KeptOf(range, held, Rules);
                if (kept.Own)
                {
                    sums.Foreign?.Add(from!.Own, layer, shard);
                }

                if (kept.Foreign)
                {
                    sums.Foreign?.Add(from!.Foreign!, layer, shard);
                }
            }
        }

        return left;
    }

    private void GiveBase(GenerationPlan plan, SortedDictionary<int, (Holding Holding, SumPair Sums)> sources, WorldGeneration generation)
    {
        byte[]? frame = null;
        foreach ((int shard, (_, SumPair sums)) in sources)
        {
            for (int layer = 0; layer <= Layout.Layers; layer++)
            {
                foreach (BasePiece piece in plan.RangeOf(layer, shard).Base)
                {
                    if (piece.Holder != RankId || piece.Receivers.IsEmpty)
                    {
                        continue;
                    }

                    StepIdentity id = new(Run, plan.Timeline, plan.Generation, plan.StateStep + 1, 0);
                    frame ??= new byte[SumFrame.MostBytes(Layout, Run, plan.Recipe.Groups)];
                    int length = sums.Of(piece.Kind).WriteFrame(layer, shard, id, frame);
                    foreach (int receiver in piece.Receivers)
                    {
                        generation.GiveBase(plan.PositionOf(receiver), layer, shard, frame.AsSpan(0, length));
                    }
                }
            }
        }
    }
}

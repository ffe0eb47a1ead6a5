using System.Collections.Immutable;
using Olmo.Model.Steps;

namespace Olmo.Actors.Worlds;

/// <summary>One formation: which step survivors can reach, the base of each range, what is still computed, and what state moves.</summary>
internal sealed class FormationFromSurvivors(
    long generation, int timeline, WorldRecipe recipe, ImmutableArray<int> members, ImmutableArray<long> since, ImmutableArray<WorldReport> survivors,
    ProtocolRules? rules, IReadOnlyList<GroupSuspicion> suspicions)
{
    private readonly WorldPlan _world = new(members.Length, recipe.Replicas, recipe.Groups, recipe.Shards);

    // Per shard: who holds it, as (index of the report, place of the shard in it).
    private readonly List<Holder>[] _holders = new List<Holder>[recipe.Shards];

    private long _step;
    private AppliedStep? _applied;

    public FormationResult Plan()
    {
        foreach (int shard in Enumerable.Range(0, recipe.Shards))
        {
            _holders[shard] = [];
        }

        for (int i = 0; i < survivors.Length; i++)
        {
            for (int place = 0; place < survivors[i].Shards.Length; place++)
            {
                ShardReport state = survivors[i].Shards[place];
                _holders[state.Shard].Add(new Holder(i, place, survivors[i].RankId, state.Step, state.StateDigest));
            }
        }

        if (FindStep() is { } needed)
        {
            return needed;
        }

        BaseSelection selection = new(recipe, survivors, _step, rules);
        int[] baseOf = new int[recipe.Ranges];
        int[] coverOf = new int[recipe.Ranges];
        List<ImmutableArray<BasePiece>> bases = [];
        List<BaseSelection.Chosen> covers = [];
        ChooseBases(selection, baseOf, coverOf, bases, covers);

        ContributionDeal deal = new(recipe, members, survivors, _step, rules, suspicions);
        ImmutableArray<MemberDeal> deals = deal.Deal(covers);
        return new FormationResult.Formed(new GenerationPlan
        {
            Generation = generation,
            Timeline = timeline,
            Recipe = recipe,
            Members = members,
            Since = since,
            StateStep = _step,
            Source = StateSource.Survivors,
            RollForward = _applied,
            Bases = [.. bases],
            BaseOfRange = RangeIndex.Of(baseOf),
            Uses = [.. covers.Select(c => deal.UseOf(c, deals))],
            UseOfRange = RangeIndex.Of(coverOf),
            Deals = deals,
            Moves = Moves(),
        });
    }

    // The newest step that any survivor's state has seen must be in reach of a survivor for every shard: nobody ever goes back.
    private FormationResult.CheckpointNeeded? FindStep()
    {
        _step = _holders.SelectMany(h => h).Select(h => h.Step).DefaultIfEmpty(-1).Max();
        if (_step < 0)
        {
            return new FormationResult.CheckpointNeeded("no survivor holds verified state", -1);
        }

        if (rules is { NoEarlyApply: false } && _holders.All(shard => shard.Exists(h => h.Step == _step && IsWhole(h))))
        {
            _step++;
            _applied = new AppliedStep(_step, generation, default, 0);
        }

        foreach (WorldReport report in survivors)
        {
            if (report.Applied is { } applied && applied.Step == _step)
            {
                if (_applied is not null && _applied.AnnouncementsDigest != applied.AnnouncementsDigest)
                {
                    return new FormationResult.CheckpointNeeded($"survivors disagree about what was announced of step {_step}", -1);
                }

                _applied ??= applied;
            }
        }

        for (int shard = 0; shard < recipe.Shards; shard++)
        {
            if (!_holders[shard].Exists(Reaches))
            {
                return new FormationResult.CheckpointNeeded($"no survivor can bring shard {shard} to step {_step}", shard);
            }

            ulong[] digests = [.. _holders[shard].Where(h => h.Step == _step).Select(h => h.Digest).Distinct()];
            if (digests.Length > 1)
            {
                return new FormationResult.CheckpointNeeded($"survivors hold different contents of shard {shard} at step {_step}", shard);
            }
        }

        return null;
    }

    private bool Reaches(Holder holder) => holder.Step == _step || (_applied is not null && (rules?.RollForward ?? true) && holder.Step == _step - 1 && IsWhole(holder));

    private bool IsWhole(Holder holder)
    {
        GroupMask all = GroupMask.All(recipe.Groups);
        for (int layer = 0; layer < recipe.RangesPerShard; layer++)
        {
            if (survivors[holder.Report].PiecesOf(holder.Place, layer, recipe.RangesPerShard).Total != all)
            {
                return false;
            }
        }

        return true;
    }

    private void ChooseBases(
        BaseSelection selection, int[] baseOf, int[] coverOf, List<ImmutableArray<BasePiece>> bases, List<BaseSelection.Chosen> covers)
    {
        Dictionary<int, int> baseOfNone = [];
        for (int shard = 0; shard < recipe.Shards; shard++)
        {
            List<Holder> holders = [.. _holders[shard].Where(h => h.Step == _step)];
            ImmutableArray<int> owners = OwnersOf(shard);

            // Within a shard few combinations of sums differ; across shards holders do.
            Dictionary<IntegersKey, int> known = [];
            Dictionary<int, int> coverOfBase = [];
            for (int layer = 0; layer < recipe.RangesPerShard; layer++)
            {
                int range = recipe.RangeOf(layer, shard);
                IntegersKey key = new([.. holders.Select(h => survivors[h.Report].Pieces[(h.Place * recipe.RangesPerShard) + layer])]);
                if (!known.TryGetValue(key, out int index))
                {
                    SumPieces[] sums = [.. holders.Select(h => survivors[h.Report].PiecesOf(h.Place, layer, recipe.RangesPerShard))];
                    (ImmutableArray<(int Holder, PieceKind Kind)> pieces, int cover) = selection.Choose(sums, covers);
                    ImmutableArray<BasePiece> chosen = PiecesOf(pieces, holders, sums, owners);
                    if (chosen.IsEmpty && baseOfNone.TryGetValue(0, out int none))
                    {
                        index = none;
                    }
                    else
                    {
                        index = bases.Count;
                        bases.Add(chosen);
                        if (chosen.IsEmpty)
                        {
                            baseOfNone[0] = index;
                        }
                    }

                    known.Add(key, index);
                    coverOfBase[index] = cover;
                }

                baseOf[range] = index;
                coverOf[range] = coverOfBase[index];
            }
        }
    }

    private static ImmutableArray<BasePiece> PiecesOf(
        ImmutableArray<(int Holder, PieceKind Kind)> pieces, List<Holder> holders, SumPieces[] sums, ImmutableArray<int> owners)
    {
        ImmutableArray<BasePiece>.Builder chosen = ImmutableArray.CreateBuilder<BasePiece>(pieces.Length);
        foreach ((int at, PieceKind kind) in pieces)
        {
            GroupMask groups = kind == PieceKind.Own ? sums[at].Own : sums[at].Foreign;
            ImmutableArray<int> receivers = [.. owners.Where(owner =>
            {
                int holds = holders.FindIndex(h => h.Rank == owner);
                return holds < 0 || (sums[holds].Own != groups && sums[holds].Foreign != groups);
            })];
            chosen.Add(new BasePiece(holders[at].Rank, kind, groups, receivers));
        }

        return chosen.MoveToImmutable();
    }

    private ImmutableArray<int> OwnersOf(int shard)
    {
        ImmutableArray<int>.Builder owners = ImmutableArray.CreateBuilder<int>(_world.Replicas);
        for (int replica = 0; replica < _world.Replicas; replica++)
        {
            owners.Add(members[_world.OwnerOf(replica, shard)]);
        }

        return owners.MoveToImmutable();
    }

    private ImmutableArray<ShardMove> Moves()
    {
        ImmutableArray<ShardMove>.Builder moves = ImmutableArray.CreateBuilder<ShardMove>();
        for (int shard = 0; shard < recipe.Shards; shard++)
        {
            Holder[] donors = [.. _holders[shard].Where(Reaches).OrderBy(h => h.Step == _step ? 0 : 1)];
            int standing = donors.Count(h => h.Step == _step);
            ImmutableArray<int> owners = OwnersOf(shard);
            for (int replica = 0; replica < owners.Length; replica++)
            {
                int owner = owners[replica];
                if (Array.Exists(donors, h => h.Rank == owner))
                {
                    continue;
                }

                // Those at m first; shards and replicas begin at different donors, so that none serves all.
                int turn = standing > 0 ? (shard + replica) % standing : 0;
                moves.Add(new ShardMove(
                    shard, owner, [.. donors[turn..standing].Concat(donors[..turn]).Concat(donors[standing..]).Select(h => h.Rank)]));
            }
        }

        return moves.ToImmutable();
    }

    private readonly record struct Holder(int Report, int Place, int Rank, long Step, ulong Digest);
}

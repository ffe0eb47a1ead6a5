using System.Collections.Immutable;

namespace Olmo.Actors.Worlds;

/// <summary>
/// Chooses the base of a range: disjoint sums of survivors (rule 11) so that base and retained runs together leave as few groups as possible to recompute; among
/// equals the largest base, then the first in order of holders. A run that the base does not touch is sent again; one that is inside it is not.
/// </summary>
internal sealed class BaseSelection
{
    // Beyond this many different sums the largest is taken first, one after the other; two replicas never have more than four.
    private const int MostSearched = 12;

    private readonly (int Rank, GroupMask Groups)[] _runs;
    private readonly GroupMask _all;
    private readonly bool _literalUnion;
    private readonly Dictionary<IntegersKey, (ImmutableArray<(int Holder, PieceKind Kind)> Pieces, int Cover)> _known = [];
    private readonly Dictionary<GroupMask, int> _maskIds = [];

    public BaseSelection(WorldRecipe recipe, ImmutableArray<WorldReport> survivors, long step, ProtocolRules? rules)
    {
        _all = GroupMask.All(recipe.Groups);
        bool retain = rules?.Retain ?? true;
        _runs = [.. survivors.Where(r => retain && r.ParameterStep == step && !r.Run.IsEmpty).Select(r => (r.RankId, r.Run))];
        _literalUnion = rules is { ExactBase: false };
    }

    /// <summary>What a choice leaves: runs to send again, and groups to recompute.</summary>
    public sealed record Chosen(GroupMask Base, ImmutableArray<Atom> Runs, GroupMask Missing);

    /// <summary>Chooses among the sums of the holders of one range.</summary>
    /// <param name="sums">By holder.</param>
    /// <param name="covers">Distinct outcomes so far; a new one is appended.</param>
    /// <returns>The pieces, and the index of the outcome.</returns>
    public (ImmutableArray<(int Holder, PieceKind Kind)> Pieces, int Cover) Choose(SumPieces[] sums, List<Chosen> covers)
    {
        IntegersKey key = new([.. sums.SelectMany(s => new[] { IdOf(s.Own), IdOf(s.Foreign) })]);
        if (_known.TryGetValue(key, out (ImmutableArray<(int Holder, PieceKind Kind)> Pieces, int Cover) known))
        {
            return known;
        }

        List<(int Holder, PieceKind Kind, GroupMask Groups)> candidates = Candidates(sums);
        List<int> best = candidates.Count <= MostSearched ? Search(candidates) : Greedy(candidates);
        GroupMask chosen = default;
        foreach (int i in _literalUnion ? Enumerable.Range(0, candidates.Count) : best)
        {
            chosen |= candidates[i].Groups;
        }

        ImmutableArray<Atom> runs = [.. _runs.Where(r => !r.Groups.Overlaps(chosen)).Select(r => new Atom(r.Rank, r.Groups))];
        GroupMask covered = chosen;
        foreach (Atom run in runs)
        {
            covered |= run.Groups;
        }

        covers.Add(new Chosen(chosen, runs, _all.Except(covered)));
        (ImmutableArray<(int Holder, PieceKind Kind)> Pieces, int Cover) result = ([.. best.Select(i => (candidates[i].Holder, candidates[i].Kind))], covers.Count - 1);
        _known.Add(key, result);
        return result;
    }

    private static List<(int Holder, PieceKind Kind, GroupMask Groups)> Candidates(SumPieces[] sums)
    {
        List<(int Holder, PieceKind Kind, GroupMask Groups)> candidates = [];
        for (int h = 0; h < sums.Length; h++)
        {
            foreach ((PieceKind kind, GroupMask groups) in new[] { (PieceKind.Own, sums[h].Own), (PieceKind.Foreign, sums[h].Foreign) })
            {
                if (!groups.IsEmpty && !candidates.Exists(c => c.Groups == groups))
                {
                    candidates.Add((h, kind, groups));
                }
            }
        }

        return candidates;
    }

    private static List<int> Greedy(List<(int Holder, PieceKind Kind, GroupMask Groups)> candidates)
    {
        List<int> chosen = [];
        GroupMask covered = default;
        foreach (int i in Enumerable.Range(0, candidates.Count).OrderByDescending(i => candidates[i].Groups.Count).ThenBy(i => i))
        {
            if (!candidates[i].Groups.Overlaps(covered))
            {
                chosen.Add(i);
                covered |= candidates[i].Groups;
            }
        }

        chosen.Sort();
        return chosen;
    }

    private List<int> Search(List<(int Holder, PieceKind Kind, GroupMask Groups)> candidates)
    {
        List<int> best = [];
        (int WithRuns, int Alone) most = (-1, -1);
        List<int> current = [];
        void Go(int from, GroupMask covered)
        {
            (int WithRuns, int Alone) value = ValueOf(covered);
            if (value.CompareTo(most) > 0)
            {
                most = value;
                best = [.. current];
            }

            for (int i = from; i < candidates.Count; i++)
            {
                if (!candidates[i].Groups.Overlaps(covered))
                {
                    current.Add(i);
                    Go(i + 1, covered | candidates[i].Groups);
                    current.RemoveAt(current.Count - 1);
                }
            }
        }

        Go(0, default);
        return best;
    }

    private (int WithRuns, int Alone) ValueOf(GroupMask covered)
    {
        int alone = covered.Count;
        int all = alone;
        if (covered != _all)
        {
            foreach ((_, GroupMask run) in _runs)
            {
                all += run.Overlaps(covered) ? 0 : run.Count;
            }
        }

        return (all, alone);
    }

    private int IdOf(GroupMask mask)
    {
        if (!_maskIds.TryGetValue(mask, out int id))
        {
            id = _maskIds.Count;
            _maskIds.Add(mask, id);
        }

        return id;
    }
}

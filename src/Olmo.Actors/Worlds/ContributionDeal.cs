using System.Collections.Immutable;

namespace Olmo.Actors.Worlds;

/// <summary>
/// Deals the groups that some range lacks to the members, so that each has about as much left to compute. Groups that every range lacks may become the run of a member
/// that has none: an atom like a first-dealt run. All others are recomputed one by one (rule 4).
/// </summary>
internal sealed class ContributionDeal(
    WorldRecipe recipe, ImmutableArray<int> members, ImmutableArray<WorldReport> survivors, long step, ProtocolRules? rules,
    IReadOnlyList<GroupSuspicion> suspicions)
{
    public ImmutableArray<MemberDeal> Deal(List<BaseSelection.Chosen> covers)
    {
        GroupMask some = default;
        GroupMask every = GroupMask.All(recipe.Groups);
        foreach (BaseSelection.Chosen cover in covers)
        {
            some |= cover.Missing;
            every &= cover.Missing;
        }

        int[] missing = [.. some.Groups];
        GroupMask[] runs = new GroupMask[members.Length];
        int[] load = new int[members.Length];
        Dictionary<int, WorldReport> reports = survivors.ToDictionary(r => r.RankId);
        for (int p = 0; p < members.Length; p++)
        {
            if ((rules?.Retain ?? true) && reports.TryGetValue(members[p], out WorldReport? report) && report.ParameterStep == step && !report.Run.IsEmpty)
            {
                runs[p] = report.Run;
                load[p] = report.Run.Except(report.Computed).Count;
            }
        }

        int[] counts = Counts(load, missing.Length);
        ImmutableArray<MemberDeal>.Builder deals = ImmutableArray.CreateBuilder<MemberDeal>(members.Length);
        List<int>[] dealt = new List<int>[members.Length];
        int at = 0;
        for (int p = 0; p < members.Length; p++)
        {
            dealt[p] = [.. missing.AsSpan(at, counts[p])];
            at += counts[p];
        }

        AvoidSuspects(dealt);
        for (int p = 0; p < members.Length; p++)
        {
            deals.Add(DealOf(members[p], runs[p], dealt[p], every));
        }

        return deals.MoveToImmutable();
    }

    /// <summary>Contributions to the ranges of one outcome: runs that are sent again, new runs, and the singles that these ranges lack.</summary>
    public ImmutableArray<Atom> UseOf(BaseSelection.Chosen cover, ImmutableArray<MemberDeal> deals)
    {
        ImmutableArray<Atom>.Builder use = ImmutableArray.CreateBuilder<Atom>();
        use.AddRange(cover.Runs);
        foreach (MemberDeal deal in deals)
        {
            if (!deal.IsRetained && !deal.Run.IsEmpty)
            {
                use.Add(new Atom(deal.Rank, deal.Run));
            }

            if (!(rules?.Singles ?? true))
            {
                GroupMask together = deal.Groups.Except(deal.Run);
                if (together.Overlaps(cover.Missing))
                {
                    use.Add(new Atom(deal.Rank, together));
                }

                continue;
            }

            foreach (int group in deal.Singles)
            {
                if (cover.Missing.Contains(group))
                {
                    use.Add(new Atom(deal.Rank, GroupMask.Of(group)));
                }
            }
        }

        return use.ToImmutable();
    }

    // A rank that failed at a group gives it to the next one, for one of its groups if it has any.
    private void AvoidSuspects(List<int>[] dealt)
    {
        foreach (GroupSuspicion suspicion in suspicions)
        {
            int from = members.IndexOf(suspicion.Rank);
            if (suspicion.Step != step + 1 || from < 0 || members.Length < 2 || !dealt[from].Remove(suspicion.Group))
            {
                continue;
            }

            int to = (from + 1) % members.Length;
            if (dealt[to].Count > 0)
            {
                dealt[from].Add(dealt[to][^1]);
                dealt[to].RemoveAt(dealt[to].Count - 1);
            }

            dealt[to].Add(suspicion.Group);
            dealt[from].Sort();
            dealt[to].Sort();
        }
    }

    private static MemberDeal DealOf(int rank, GroupMask retained, List<int> groups, GroupMask every)
    {
        GroupMask run = retained;
        ImmutableArray<int>.Builder singles = ImmutableArray.CreateBuilder<int>();
        foreach (int group in groups)
        {
            if (retained.IsEmpty && every.Contains(group))
            {
                run |= GroupMask.Of(group);
            }
            else
            {
                singles.Add(group);
            }
        }

        return new MemberDeal(rank, run, !retained.IsEmpty, singles.ToImmutable());
    }

    // One group after the other to whoever has least to do, the first position among equals: with nothing retained that is the plain deal.
    private static int[] Counts(int[] load, int groups)
    {
        int[] counts = new int[load.Length];
        PriorityQueue<int, (int Load, int Position)> queue = new(load.Length);
        for (int p = 0; p < load.Length; p++)
        {
            queue.Enqueue(p, (load[p], p));
        }

        for (int g = 0; g < groups; g++)
        {
            int p = queue.Dequeue();
            counts[p]++;
            queue.Enqueue(p, (load[p] + counts[p], p));
        }

        return counts;
    }
}

using System.Collections.Immutable;

namespace Olmo.Actors.Collectives;

/// <summary>Finds the first operation of each group on which ranks disagree.</summary>
internal static class GroupComparison
{
    public static ImmutableArray<Disagreement> Of(SortedDictionary<int, MeshOperations> ranks)
    {
        // group -> rank -> number -> kind; the members are whoever records the group, on either side.
        SortedDictionary<int, SortedDictionary<int, SortedDictionary<long, OperationKind>>> groups = [];
        foreach (MeshOperations rank in ranks.Values)
        {
            foreach ((int peer, OperationRecord record) in rank.Peers.SelectMany(p => p.Collectives.Select(r => (p.Peer, r))).Where(r => IsCollective(r.r)))
            {
                SortedDictionary<int, SortedDictionary<long, OperationKind>> members = Entry(groups, record.Group);
                Entry(members, rank.Self)[record.Number] = record.Kind;
                if (ranks.ContainsKey(peer))
                {
                    Entry(members, peer);
                }
            }
        }

        return [.. groups.Select(g => First(g.Key, g.Value)).OfType<Disagreement>()];
    }

    public static bool IsCollective(OperationRecord record) => record.Kind is OperationKind.Barrier or OperationKind.AllGather or OperationKind.AllToAll;

    private static Disagreement? First(int group, SortedDictionary<int, SortedDictionary<long, OperationKind>> members)
    {
        long newest = members.Values.Max(m => m.Count == 0 ? 0 : m.Keys.Last());
        long behind = members.Values.Min(m => m.Count == 0 ? 0 : m.Keys.Last()) + 1;
        long oldest = members.Values.Max(m => m.Count == 0 ? 0 : m.Keys.First());
        for (long number = oldest; number <= newest; number++)
        {
            ImmutableSortedDictionary<int, OperationKind> joined = members
                .Where(m => m.Value.ContainsKey(number)).ToImmutableSortedDictionary(m => m.Key, m => m.Value[number]);
            if (number >= behind || joined.Values.Distinct().Count() > 1)
            {
                return new Disagreement(group, number, joined, [.. members.Keys.Where(m => !joined.ContainsKey(m))]);
            }
        }

        return null;
    }

    private static TValue Entry<TKey, TValue>(SortedDictionary<TKey, TValue> map, TKey key)
        where TKey : notnull
        where TValue : new()
    {
        if (!map.TryGetValue(key, out TValue? value))
        {
            value = new TValue();
            map.Add(key, value);
        }

        return value;
    }
}

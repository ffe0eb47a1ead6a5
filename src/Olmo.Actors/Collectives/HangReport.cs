using System.Collections.Immutable;
using System.Text;

namespace Olmo.Actors.Collectives;

/// <summary>Who waits for whom in a world, from the last operations of its ranks. The numbers of a group's operations agree on all its ranks, so no clock is compared.</summary>
/// <param name="Generation">World.</param>
/// <param name="Waits">Everything that is under way and not done, oldest first.</param>
/// <param name="Disagreements">Per group, the first operation on which its ranks disagree.</param>
/// <param name="Culprits">Ranks that are waited for and wait for nobody; all of a circle where there is no such rank; empty where nothing waits.</param>
public sealed record HangReport(
    long Generation, ImmutableArray<Wait> Waits, ImmutableArray<Disagreement> Disagreements, ImmutableArray<int> Culprits)
{
    /// <summary>Compares the ranks' operations.</summary>
    /// <param name="ranks">One of each rank that answered; the others count as ranks without a report.</param>
    /// <exception cref="ArgumentException">They are of different generations, or a position is there twice.</exception>
    public static HangReport From(IReadOnlyList<MeshOperations> ranks)
    {
        ArgumentNullException.ThrowIfNull(ranks);
        if (ranks.Select(r => r.Generation).Distinct().Count() > 1)
        {
            throw new ArgumentException($"operations of the generations {string.Join(", ", ranks.Select(r => r.Generation).Distinct().Order())} cannot be compared", nameof(ranks));
        }

        SortedDictionary<int, MeshOperations> byPosition = [];
        foreach (MeshOperations rank in ranks)
        {
            if (!byPosition.TryAdd(rank.Self, rank))
            {
                throw new ArgumentException($"position {rank.Self} is there twice", nameof(ranks));
            }
        }

        ImmutableArray<Wait> waits = [.. WaitAnalysis.Of(byPosition).OrderBy(w => w.Since).ThenBy(w => w.Rank).ThenBy(w => w.For)];
        return new HangReport(
            ranks.Count == 0 ? 0 : ranks[0].Generation, waits, GroupComparison.Of(byPosition), CulpritsOf(waits));
    }

    /// <summary>One line for each fact.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        text.Append($"generation {Generation}: {Waits.Length} waits");
        if (!Culprits.IsEmpty)
        {
            text.Append($", all lead to position {string.Join(", ", Culprits)}");
        }

        foreach (Disagreement disagreement in Disagreements)
        {
            text.AppendLine().Append(disagreement);
        }

        foreach (Wait wait in Waits)
        {
            text.AppendLine().Append(wait);
        }

        return text.ToString();
    }

    private static ImmutableArray<int> CulpritsOf(ImmutableArray<Wait> waits)
    {
        // A rank that only waits for its bytes to be read by a rank that it also waits for is no root; any outgoing wait disqualifies.
        SortedSet<int> waitedFor = [.. waits.Select(w => w.For)];
        SortedSet<int> waiting = [.. waits.Select(w => w.Rank)];
        int[] roots = [.. waitedFor.Where(p => !waiting.Contains(p))];
        return roots.Length > 0 ? [.. roots] : [.. waitedFor];
    }
}

/// <summary>One rank waits for another.</summary>
/// <param name="Rank">Who waits.</param>
/// <param name="For">For whom.</param>
/// <param name="Operation">In what, as the waiting rank records it.</param>
/// <param name="Reason">What is known of the other side.</param>
/// <param name="Since">Since when, by the waiting rank's clock.</param>
/// <param name="Detail">For a person.</param>
public sealed record Wait(int Rank, int For, OperationRecord Operation, WaitReason Reason, DateTimeOffset Since, string Detail)
{
    /// <summary>Position waits for position, in what, and why.</summary>
    public override string ToString() => $"position {Rank} waits for {For}: {Name(Operation)} since {Since:HH:mm:ss.fff}: {Detail}";

    internal static string Name(OperationRecord operation) => operation.Kind switch
    {
        OperationKind.Message => $"message {operation.Number} (kind {operation.Label}, {operation.Bytes} bytes)",
        OperationKind.PointToPoint => $"{(operation.Direction == OperationDirection.In ? "receive" : "send")} with tag {operation.Label} in group {operation.Group}",
        _ => $"{operation.Kind} {operation.Number} of group {operation.Group}",
    };
}

/// <summary>Why somebody is waited for.</summary>
public enum WaitReason
{
    /// <summary>The other rank has not begun the operation: it is stuck, slow or somewhere else before it.</summary>
    NeverJoined,

    /// <summary>The other rank takes part, but its bytes do not come.</summary>
    JoinedNoProgress,

    /// <summary>The other rank does not read: it is inside a handler, or its process does not run.</summary>
    NotReading,

    /// <summary>The other rank is in a different operation under the same number.</summary>
    Mismatch,

    /// <summary>The other rank gave no report: it is dead, stopped or not reachable.</summary>
    NoReport,
}

/// <summary>The first operation of a group on which its ranks disagree.</summary>
/// <param name="Group">Group.</param>
/// <param name="Number">Number of the operation.</param>
/// <param name="Joined">Ranks that have begun it, and what they think it is.</param>
/// <param name="NeverJoined">Ranks that have not.</param>
public sealed record Disagreement(int Group, long Number, ImmutableSortedDictionary<int, OperationKind> Joined, ImmutableArray<int> NeverJoined)
{
    /// <summary>Who is where.</summary>
    public override string ToString() =>
        $"group {Group} disagrees first on operation {Number}: joined {string.Join(", ", Joined.Select(j => $"{j.Key} ({j.Value})"))}; never joined {(NeverJoined.IsEmpty ? "nobody" : string.Join(", ", NeverJoined))}";
}

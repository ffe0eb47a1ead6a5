namespace Olmo.Actors.Collectives;

/// <summary>Explains every operation that is under way by what the other side recorded.</summary>
internal static class WaitAnalysis
{
    public static IEnumerable<Wait> Of(SortedDictionary<int, MeshOperations> ranks)
    {
        foreach (MeshOperations rank in ranks.Values)
        {
            foreach (PeerOperations peer in rank.Peers)
            {
                IEnumerable<OperationRecord> active = peer.Messages.Concat(peer.Collectives).Where(r => r.State == OperationState.Active);
                foreach (OperationRecord record in active)
                {
                    // A handler that runs is no wait of this rank for the peer: it is why the peer waits.
                    if (record.Kind != OperationKind.Message || record.Direction == OperationDirection.Out)
                    {
                        yield return Explain(ranks, rank.Self, peer, record);
                    }
                }
            }
        }
    }

    private static Wait Explain(SortedDictionary<int, MeshOperations> ranks, int self, PeerOperations peer, OperationRecord record)
    {
        (WaitReason reason, string detail) = !ranks.TryGetValue(peer.Peer, out MeshOperations? other)
            ? (WaitReason.NoReport, $"position {peer.Peer} gave no report")
            : record.Direction == OperationDirection.Out ? Unread(other, self)
            : record.Kind == OperationKind.PointToPoint ? PointToPoint(other, peer, record, self)
            : Collective(other, record, self);
        return new Wait(self, peer.Peer, record, reason, record.Started, detail);
    }

    private static (WaitReason Reason, string Detail) Unread(MeshOperations other, int self)
    {
        OperationRecord? handled = Towards(other, self)?.Messages.LastOrDefault(r => r.Direction == OperationDirection.In && r.State == OperationState.Active);
        return (WaitReason.NotReading, handled is null
            ? $"position {other.Self} takes no bytes"
            : $"position {other.Self} is inside its handler of message {handled.Number} (kind {handled.Label}) since {handled.Started:HH:mm:ss.fff}");
    }

    private static (WaitReason Reason, string Detail) PointToPoint(MeshOperations other, PeerOperations mine, OperationRecord record, int self)
    {
        bool IsSame(OperationRecord r) => r.Kind == OperationKind.PointToPoint && r.Group == record.Group && r.Label == record.Label;
        int received = mine.Collectives.Count(r => IsSame(r) && r.Direction == OperationDirection.In && r.State == OperationState.Done);
        OperationRecord[] sent = [.. (Towards(other, self)?.Collectives ?? []).Where(r => IsSame(r) && r.Direction == OperationDirection.Out)];
        return sent.Length <= received
            ? (WaitReason.NeverJoined, $"position {other.Self} has sent {sent.Length} with this tag, {received} of them are here")
            : (WaitReason.JoinedNoProgress, $"position {other.Self} {(sent[^1].State == OperationState.Done ? "has sent it" : "is sending it")}");
    }

    private static (WaitReason Reason, string Detail) Collective(MeshOperations other, OperationRecord record, int self)
    {
        OperationRecord[] group = [.. other.Peers.SelectMany(p => p.Collectives).Where(r => r.Group == record.Group && GroupComparison.IsCollective(r))];
        OperationRecord[] same = [.. group.Where(r => r.Number == record.Number)];
        if (same.Length == 0)
        {
            long newest = group.Length == 0 ? 0 : group.Max(r => r.Number);
            return newest < record.Number
                ? (WaitReason.NeverJoined, $"position {other.Self} never joined it; its newest in this group is {newest}")
                : (WaitReason.JoinedNoProgress, $"position {other.Self} is at operation {newest} of this group already");
        }

        if (same.FirstOrDefault(r => r.Kind != record.Kind) is { } different)
        {
            return (WaitReason.Mismatch, $"position {other.Self} is in {Wait.Name(different)}");
        }

        OperationRecord? towards = Towards(other, self)?.Collectives
            .LastOrDefault(r => r.Group == record.Group && r.Number == record.Number && r.Direction == OperationDirection.Out);
        return (WaitReason.JoinedNoProgress, towards?.State switch
        {
            null => $"position {other.Self} joined it and has not begun to send here",
            OperationState.Done => $"position {other.Self} has sent its part",
            _ => $"position {other.Self} joined it and is sending",
        });
    }

    private static PeerOperations? Towards(MeshOperations rank, int peer) => rank.Peers.FirstOrDefault(p => p.Peer == peer);
}

using System.Numerics;

namespace Olmo.Actors.Collectives;

/// <summary>
/// Messages of groups that have come and were not taken yet. What belongs to an operation that this rank has joined is always accepted, so that ranks which all write
/// and then read cannot block each other; of other operations only <see cref="MeshSettings.MaxBufferedBytes"/> per peer, then the peer is not read until this rank joins.
/// Buffers are used again.
/// </summary>
internal sealed class GroupInbox(LinkMesh mesh, int size, long maxBufferedBytes)
{
    private const int SmallestBuffer = 256;
    private const int KeptPerPeer = 32;

    private readonly object _gate = new(); // Monitor: threads wait on it
    private readonly Shelf[] _shelves = [.. Enumerable.Range(0, size).Select(_ => new Shelf())];
    private readonly List<(int Group, OperationKind Kind, long NumberOrTag)> _joined = [];

    /// <summary>Keeps a message; called on the receive thread of its peer.</summary>
    public void Accept(int peer, in GroupHeader header, ReadOnlySpan<byte> payload)
    {
        Shelf shelf = _shelves[peer];
        Parcel parcel;
        lock (_gate)
        {
            while (shelf.Bytes != 0 && shelf.Bytes + payload.Length > maxBufferedBytes && !IsJoined(header))
            {
                Monitor.Wait(_gate);
                mesh.ThrowIfFailed();
            }

            parcel = shelf.Rent(payload.Length);
            shelf.Bytes += payload.Length;
        }

        parcel.Header = header;
        parcel.Length = payload.Length;
        payload.CopyTo(parcel.Bytes);
        lock (_gate)
        {
            shelf.Arrived.Add(parcel);
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>This rank takes part in an operation from now on.</summary>
    public void Join(int group, OperationKind kind, long numberOrTag)
    {
        lock (_gate)
        {
            _joined.Add((group, kind, numberOrTag));
            Monitor.PulseAll(_gate);
        }
    }

    public void Leave(int group, OperationKind kind, long numberOrTag)
    {
        lock (_gate)
        {
            _joined.Remove((group, kind, numberOrTag));
        }
    }

    /// <summary>Waits for the next message of a peer to a group with a tag.</summary>
    /// <returns>The message; give it back by <see cref="Return"/>.</returns>
    public Parcel Take(int peer, int group, int tag)
    {
        lock (_gate)
        {
            while (true)
            {
                mesh.ThrowIfFailed();
                if (_shelves[peer].TakeTagged(group, tag) is { } parcel)
                {
                    return parcel;
                }

                Monitor.Wait(_gate);
            }
        }
    }

    /// <summary>Waits for the next message of a collective of any of the members that are missing.</summary>
    /// <returns>Index of the member; give its message back by <see cref="Return"/>.</returns>
    public int TakeAny(int group, ReadOnlySpan<int> members, ReadOnlySpan<bool> missing, out Parcel parcel)
    {
        lock (_gate)
        {
            while (true)
            {
                mesh.ThrowIfFailed();
                for (int m = 0; m < members.Length; m++)
                {
                    if (missing[members[m]] && _shelves[members[m]].TakeCollective(group) is { } found)
                    {
                        parcel = found;
                        return m;
                    }
                }

                Monitor.Wait(_gate);
            }
        }
    }

    public void Return(int peer, Parcel parcel)
    {
        lock (_gate)
        {
            Shelf shelf = _shelves[peer];
            shelf.Bytes -= parcel.Length;
            if (shelf.Free.Count < KeptPerPeer)
            {
                shelf.Free.Add(parcel);
            }

            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Wakes whoever waits here, after the mesh's error is set.</summary>
    public void Release()
    {
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }
    }

    private bool IsJoined(in GroupHeader header)
    {
        long numberOrTag = header.Kind == OperationKind.PointToPoint ? header.Tag : header.Number;
        foreach ((int group, OperationKind kind, long joined) in _joined)
        {
            if (group == header.Group && kind == header.Kind && joined == numberOrTag)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A message and its reused buffer.</summary>
    internal sealed class Parcel
    {
        public GroupHeader Header;
        public byte[] Bytes = [];
        public int Length;

        public ReadOnlySpan<byte> Payload => Bytes.AsSpan(0, Length);
    }

    /// <summary>What one peer sent.</summary>
    private sealed class Shelf
    {
        public readonly List<Parcel> Arrived = [];
        public readonly List<Parcel> Free = [];
        public long Bytes;

        public Parcel? TakeTagged(int group, int tag)
        {
            for (int i = 0; i < Arrived.Count; i++)
            {
                GroupHeader header = Arrived[i].Header;
                if (header.Group == group && header.Kind == OperationKind.PointToPoint && header.Tag == tag)
                {
                    return RemoveAt(i);
                }
            }

            return null;
        }

        public Parcel? TakeCollective(int group)
        {
            for (int i = 0; i < Arrived.Count; i++)
            {
                GroupHeader header = Arrived[i].Header;
                if (header.Group == group && header.Kind != OperationKind.PointToPoint)
                {
                    return RemoveAt(i);
                }
            }

            return null;
        }

        private Parcel RemoveAt(int index)
        {
            Parcel parcel = Arrived[index];
            Arrived.RemoveAt(index);
            return parcel;
        }

        public Parcel Rent(int length)
        {
            int best = -1;
            for (int i = 0; i < Free.Count; i++)
            {
                bool fits = Free[i].Bytes.Length >= length;
                if (best < 0 || (fits && (Free[best].Bytes.Length < length || Free[i].Bytes.Length < Free[best].Bytes.Length)))
                {
                    best = i;
                }
            }

            Parcel parcel = best < 0 ? new Parcel() : Free[best];
            if (best >= 0)
            {
                Free.RemoveAt(best);
            }

            if (parcel.Bytes.Length < length)
            {
                int size = (int)Math.Min(BitOperations.RoundUpToPowerOf2((uint)Math.Max(length, SmallestBuffer)), int.MaxValue / 2);
                parcel.Bytes = GC.AllocateUninitializedArray<byte>(size, pinned: true);
            }

            return parcel;
        }
    }
}

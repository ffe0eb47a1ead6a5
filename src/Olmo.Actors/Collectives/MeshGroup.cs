using System.Collections.Immutable;
using System.Numerics;

namespace Olmo.Actors.Collectives;

/// <summary>
/// Some of the ranks of a mesh, and the collectives among them. All members call the same collectives in the same order with the same sizes; a difference fails
/// the mesh (<see cref="MeshErrorKind.Mismatch"/>). One thread at a time uses a group; other threads use groups of their own. Not to be called inside a handler.
/// Every call ends within its deadline: in success, or with the mesh's first error as <see cref="MeshException"/>. A deadline that passes fails the mesh.
/// </summary>
public sealed class MeshGroup
{
    /// <summary>Largest id of a group.</summary>
    public const int MaxId = 65535;

    private readonly LinkMesh _mesh;
    private readonly uint _membersCrc;
    private readonly bool[] _missing;
    private readonly long[] _sentTo;
    private readonly long[] _receivedFrom;
    private readonly byte[] _header = new byte[GroupHeader.Bytes];
    private long _number;
    private int _inUse;
    private long _deadline; // clock; 0 while nothing is under way
    private long _startedAt;
    private OperationKind _kind;

    internal MeshGroup(LinkMesh mesh, int id, ReadOnlySpan<int> members)
    {
        _mesh = mesh;
        Id = id;
        Members = [.. members];
        Index = Members.IndexOf(mesh.Self);
        _missing = new bool[mesh.Size];
        _sentTo = new long[mesh.Size];
        _receivedFrom = new long[mesh.Size];
        _membersCrc = uint.MaxValue;
        foreach (int member in Members)
        {
            _membersCrc = BitOperations.Crc32C(_membersCrc, (uint)member);
        }
    }

    /// <summary>Identity on the wire.</summary>
    public int Id { get; }

    /// <summary>Positions in the mesh.</summary>
    public ImmutableArray<int> Members { get; }

    /// <summary>Own place among the members.</summary>
    public int Index { get; }

    /// <summary>Members.</summary>
    public int Count => Members.Length;

    /// <summary>Returns after all members have called it.</summary>
    /// <param name="deadline">Instead of the operation timeout.</param>
    public void Barrier(TimeSpan? deadline = null)
    {
        Begin(OperationKind.Barrier, -1, deadline);
        try
        {
            SendToAll(OperationKind.Barrier, []);
            ReceiveFromAll(OperationKind.Barrier, [], []);
        }
        finally
        {
            End(OperationKind.Barrier, _number);
        }
    }

    /// <summary>Everybody gets everybody's bytes, all of one length, in the order of the members.</summary>
    /// <param name="mine">Own bytes; may be the own part of <paramref name="all"/> itself.</param>
    /// <param name="all"><see cref="Count"/> times as long.</param>
    /// <param name="deadline">Instead of the operation timeout.</param>
    public void AllGather(ReadOnlySpan<byte> mine, Span<byte> all, TimeSpan? deadline = null)
    {
        if (all.Length != (long)mine.Length * Count)
        {
            throw new ArgumentException($"{all.Length} bytes were given for {Count} members with {mine.Length} bytes each", nameof(all));
        }

        Span<int> lengths = Count <= 256 ? stackalloc int[Count] : new int[Count];
        lengths.Fill(mine.Length);
        AllGather(mine, all, lengths, deadline);
    }

    /// <summary>Everybody gets everybody's bytes, of the given lengths, one after the other in the order of the members.</summary>
    /// <param name="mine">Own bytes; may be the own part of <paramref name="all"/> itself.</param>
    /// <param name="all">The sum of the lengths.</param>
    /// <param name="lengths">Length of each member's bytes, the same on all.</param>
    /// <param name="deadline">Instead of the operation timeout.</param>
    public void AllGather(ReadOnlySpan<byte> mine, Span<byte> all, ReadOnlySpan<int> lengths, TimeSpan? deadline = null)
    {
        Check(all.Length, lengths, nameof(lengths));
        if (mine.Length != lengths[Index])
        {
            throw new ArgumentException($"{mine.Length} own bytes were given; the lengths say {lengths[Index]}", nameof(mine));
        }

        Begin(OperationKind.AllGather, -1, deadline);
        try
        {
            SendToAll(OperationKind.AllGather, mine);
            Place(mine, all, lengths);
            ReceiveFromAll(OperationKind.AllGather, all, lengths);
        }
        finally
        {
            End(OperationKind.AllGather, _number);
        }
    }

    /// <summary>Member i gets the i-th part of everybody's bytes.</summary>
    /// <param name="send">One part for each member, one after the other.</param>
    /// <param name="sendLengths">Their lengths.</param>
    /// <param name="receive">One part of each member, one after the other; not overlapping <paramref name="send"/>.</param>
    /// <param name="receiveLengths">Their lengths.</param>
    /// <param name="deadline">Instead of the operation timeout.</param>
    public void AllToAll(
        ReadOnlySpan<byte> send, ReadOnlySpan<int> sendLengths, Span<byte> receive, ReadOnlySpan<int> receiveLengths, TimeSpan? deadline = null)
    {
        Check(send.Length, sendLengths, nameof(sendLengths));
        Check(receive.Length, receiveLengths, nameof(receiveLengths));
        Begin(OperationKind.AllToAll, -1, deadline);
        try
        {
            for (int i = 1; i < Count; i++)
            {
                int member = (Index + i) % Count;
                SendCollective(OperationKind.AllToAll, Members[member], send.Slice(Offset(sendLengths, member), sendLengths[member]));
            }

            Place(send.Slice(Offset(sendLengths, Index), sendLengths[Index]), receive, receiveLengths);
            ReceiveFromAll(OperationKind.AllToAll, receive, receiveLengths);
        }
        finally
        {
            End(OperationKind.AllToAll, _number);
        }
    }

    /// <summary>Sends to one member; returns when the bytes have left.</summary>
    /// <param name="peer">Position in the mesh of another member.</param>
    /// <param name="tag">Meaning, at least 0; the receiver names it.</param>
    /// <param name="payload">Bytes.</param>
    /// <param name="deadline">Instead of the operation timeout.</param>
    public void Send(int peer, int tag, ReadOnlySpan<byte> payload, TimeSpan? deadline = null)
    {
        CheckPeer(peer);
        ArgumentOutOfRangeException.ThrowIfNegative(tag);
        Begin(OperationKind.PointToPoint, tag, deadline, isReceiving: false);
        try
        {
            long number = ++_sentTo[peer];
            Write(new GroupHeader(Id, OperationKind.PointToPoint, number, tag, _membersCrc), peer, payload);
        }
        finally
        {
            End(OperationKind.PointToPoint, -1);
        }
    }

    /// <summary>Waits for the next bytes with this tag of one member.</summary>
    /// <param name="peer">Position in the mesh of another member.</param>
    /// <param name="tag">As given to <see cref="Send"/>.</param>
    /// <param name="destination">At least as long as what comes; more fails the mesh.</param>
    /// <param name="deadline">Instead of the operation timeout.</param>
    /// <returns>Bytes received.</returns>
    public int Receive(int peer, int tag, Span<byte> destination, TimeSpan? deadline = null)
    {
        CheckPeer(peer);
        ArgumentOutOfRangeException.ThrowIfNegative(tag);
        Begin(OperationKind.PointToPoint, tag, deadline);
        try
        {
            _missing[peer] = true;
            OperationRing ring = _mesh.Peer(peer).Collectives;
            long ticket = ring.Begin(++_receivedFrom[peer], OperationKind.PointToPoint, OperationDirection.In, Id, tag, -1, OperationState.Active);
            GroupInbox.Parcel parcel = _mesh.Inbox.Take(peer, Id, tag);
            try
            {
                CheckMembers(peer, parcel.Header);
                if (parcel.Length > destination.Length)
                {
                    Mismatch(peer, $"position {peer} sent {parcel.Length} bytes with tag {tag} to group {Id}; {destination.Length} fit here");
                }

                parcel.Payload.CopyTo(destination);
                ring.Update(ticket, OperationState.Done, parcel.Length);
                return parcel.Length;
            }
            finally
            {
                _mesh.Inbox.Return(peer, parcel);
            }
        }
        finally
        {
            End(OperationKind.PointToPoint, tag);
        }
    }

    /// <summary>What has passed its deadline, if anything.</summary>
    internal MeshError? Tick(long now)
    {
        long deadline = Volatile.Read(ref _deadline);
        if (deadline == 0 || now <= deadline)
        {
            return null;
        }

        int[] missing = [.. Members.Where(m => Volatile.Read(ref _missing[m]))];
        double seconds = Math.Round(TimeSpan.FromTicks(now - Volatile.Read(ref _startedAt)).TotalSeconds, 3);
        double limit = TimeSpan.FromTicks(deadline - Volatile.Read(ref _startedAt)).TotalSeconds;
        int culprit = missing.Length == 0 ? -1 : missing[0];
        return MeshError.At(
            MeshErrorKind.OperationTimeout, culprit,
            $"{_kind} {_number} of group {Id} has taken {seconds} s; its deadline is {limit} s; missing: position {string.Join(", ", missing)}");
    }

    private static int Offset(ReadOnlySpan<int> lengths, int member)
    {
        int offset = 0;
        foreach (int length in lengths[..member])
        {
            offset += length;
        }

        return offset;
    }

    private void Check(int bytes, ReadOnlySpan<int> lengths, string name)
    {
        long sum = 0;
        foreach (int length in lengths)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(length, name);
            sum += length;
        }

        if (lengths.Length != Count || sum != bytes)
        {
            throw new ArgumentException($"{lengths.Length} lengths with a sum of {sum} were given for {Count} members and {bytes} bytes", name);
        }
    }

    private void CheckPeer(int peer)
    {
        if (peer == _mesh.Self || !Members.Contains(peer))
        {
            throw new ArgumentOutOfRangeException(nameof(peer), peer, $"group {Id} has the positions {string.Join(", ", Members)}; own is {_mesh.Self}");
        }
    }

    private void Begin(OperationKind kind, int tag, TimeSpan? deadline, bool isReceiving = true)
    {
        if (ReceivingThread.IsCurrent)
        {
            throw new InvalidOperationException("a collective was called inside a message handler, where waiting keeps the peer's messages from being read");
        }

        if (Interlocked.Exchange(ref _inUse, 1) != 0)
        {
            throw new InvalidOperationException($"group {Id} is in use by another thread; threads need groups of their own");
        }

        _kind = kind;
        if (kind != OperationKind.PointToPoint)
        {
            _number++;
        }

        long now = _mesh.Clock.Now;
        Volatile.Write(ref _startedAt, now);
        Volatile.Write(ref _deadline, now + (deadline ?? _mesh.Settings.Timeouts.Operation).Ticks);
        if (isReceiving)
        {
            _mesh.Inbox.Join(Id, kind, kind == OperationKind.PointToPoint ? tag : _number);
        }
    }

    private void End(OperationKind kind, long numberOrTag)
    {
        _mesh.Inbox.Leave(Id, kind, numberOrTag);
        Volatile.Write(ref _deadline, 0);
        Array.Clear(_missing);
        Volatile.Write(ref _inUse, 0);
    }

    private void SendToAll(OperationKind kind, ReadOnlySpan<byte> payload)
    {
        for (int i = 1; i < Count; i++)
        {
            SendCollective(kind, Members[(Index + i) % Count], payload);
        }
    }

    private void SendCollective(OperationKind kind, int peer, ReadOnlySpan<byte> payload) =>
        Write(new GroupHeader(Id, kind, _number, 0, _membersCrc), peer, payload);

    private void Write(in GroupHeader header, int peer, ReadOnlySpan<byte> payload)
    {
        _missing[peer] = true;
        PeerConnection connection = _mesh.Peer(peer);
        long ticket = connection.Collectives.Begin(header.Number, header.Kind, OperationDirection.Out, Id, header.Tag, payload.Length, OperationState.Active);
        header.Write(_header);
        connection.Send(MessageFrame.GroupKind, _header, payload, PayloadCheck.Crc);
        connection.Collectives.Update(ticket, OperationState.Done);
        _missing[peer] = false;
    }

    private void Place(ReadOnlySpan<byte> mine, Span<byte> all, ReadOnlySpan<int> lengths)
    {
        Span<byte> own = all.Slice(Offset(lengths, Index), lengths[Index]);
        mine.CopyTo(own);
    }

    private void ReceiveFromAll(OperationKind kind, Span<byte> all, ReadOnlySpan<int> lengths)
    {
        Span<long> tickets = Count <= 256 ? stackalloc long[Count] : new long[Count];
        for (int i = 0; i < Count; i++)
        {
            if (i != Index)
            {
                _missing[Members[i]] = true;
                tickets[i] = _mesh.Peer(Members[i]).Collectives.Begin(
                    _number, kind, OperationDirection.In, Id, 0, lengths.IsEmpty ? 0 : lengths[i], OperationState.Active);
            }
        }

        // In the order of arrival, so that the records show who is really missing.
        for (int left = Count - 1; left > 0; left--)
        {
            int member = _mesh.Inbox.TakeAny(Id, Members.AsSpan(), _missing, out GroupInbox.Parcel parcel);
            int length = lengths.IsEmpty ? 0 : lengths[member];
            Take(kind, Members[member], parcel, lengths.IsEmpty ? all : all.Slice(Offset(lengths, member), length));
            _mesh.Peer(Members[member]).Collectives.Update(tickets[member], OperationState.Done);
        }
    }

    private void Take(OperationKind kind, int peer, GroupInbox.Parcel parcel, Span<byte> destination)
    {
        try
        {
            CheckMembers(peer, parcel.Header);
            if (parcel.Header.Kind != kind || parcel.Header.Number != _number || parcel.Length != destination.Length)
            {
                Mismatch(
                    peer,
                    $"group {Id}: position {peer} is at {parcel.Header.Kind} {parcel.Header.Number} with {parcel.Length} bytes, this rank at {kind} {_number} with {destination.Length}");
            }

            parcel.Payload.CopyTo(destination);
            Volatile.Write(ref _missing[peer], false);
        }
        finally
        {
            _mesh.Inbox.Return(peer, parcel);
        }
    }

    private void CheckMembers(int peer, in GroupHeader header)
    {
        if (header.Members != _membersCrc)
        {
            Mismatch(peer, $"position {peer} has other members in group {Id}; here they are {string.Join(", ", Members)}");
        }
    }

    private void Mismatch(int peer, string what)
    {
        _mesh.Fail(MeshError.At(MeshErrorKind.Mismatch, peer, what));
        _mesh.ThrowIfFailed();
    }
}

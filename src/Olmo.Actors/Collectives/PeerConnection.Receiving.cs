using System.Numerics;

namespace Olmo.Actors.Collectives;

/// <summary>The receiving half.</summary>
internal sealed partial class PeerConnection
{
    private readonly byte[] _received; // header of the message that is being read
    private readonly LinkReader _reader;
    private byte[] _payload = [];
    private long _receivedThrough;
    private long _readingSince; // clock when the thread began to wait for bytes; 0 while it handles a message
    private long _lastHeard;

    /// <summary>Bytes of the peer have come.</summary>
    public void Heard() => Volatile.Write(ref _lastHeard, _clock.Now);

    private void ReceiveLoop()
    {
        ReceivingThread.Enter();
        Span<byte> fixedPart = stackalloc byte[MessageFrame.FixedBytes];
        try
        {
            while (_mesh.Error is null)
            {
                Volatile.Write(ref _readingSince, _clock.Now);
                if (!_reader.TryRead(fixedPart))
                {
                    _mesh.LinkFailed(Peer, null);
                    return;
                }

                if (!ReceiveMessage(fixedPart))
                {
                    return;
                }
            }
        }
        catch (IOException e)
        {
            _mesh.LinkFailed(Peer, e);
        }
        catch (MeshException)
        {
            // the error is kept by the mesh
        }
    }

    /// <returns>False where the mesh has failed.</returns>
    private bool ReceiveMessage(ReadOnlySpan<byte> fixedPart)
    {
        if (MessageFrame.TryRead(fixedPart, _settings, out MessageFrame frame) is { } wrong)
        {
            return Protocol(wrong);
        }

        Span<byte> header = _received.AsSpan(0, frame.HeaderBytes);
        _reader.Read(header);
        if (!MessageFrame.IsIntact(fixedPart, header))
        {
            return Corrupt($"the header of a message from position {Peer}");
        }

        if (frame.Generation != _mesh.Generation)
        {
            return Protocol($"a message has generation {frame.Generation}; this mesh is of generation {_mesh.Generation}");
        }

        bool isNumbered = frame.Kind is not (MessageFrame.HeartbeatKind or MessageFrame.GoodbyeKind);
        long expected = isNumbered ? ++_receivedThrough : 0;
        if (frame.Number != expected)
        {
            return Protocol($"a message of kind {frame.Kind} has number {frame.Number}; expected is {expected}");
        }

        Span<byte> payload = PayloadFor(frame.PayloadBytes);
        _reader.Read(payload);
        Volatile.Write(ref _readingSince, 0);
        if (frame.Check == PayloadCheck.Crc && PayloadChecksum.Of(payload) != frame.PayloadCrc)
        {
            return Corrupt($"the payload of message {frame.Number} (kind {frame.Kind}, {frame.PayloadBytes} bytes) from position {Peer}");
        }

        Dispatch(frame, header, payload);
        return true;
    }

    private void Dispatch(in MessageFrame frame, ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload)
    {
        switch (frame.Kind)
        {
            case MessageFrame.HeartbeatKind:
                return;
            case MessageFrame.GoodbyeKind:
                _mesh.Fail(Goodbye.Read(header, Peer));
                return;
            case MessageFrame.GroupKind:
                if (GroupHeader.TryRead(header, out GroupHeader group))
                {
                    _mesh.Inbox.Accept(Peer, group, payload);
                    return;
                }

                Protocol($"a group message has a header of {header.Length} bytes; expected are {GroupHeader.Bytes}");
                return;
            default:
                long ticket = Messages.Begin(frame.Number, OperationKind.Message, OperationDirection.In, -1, frame.Kind, payload.Length, OperationState.Active);
                _mesh.Handle(Peer, frame.Kind, header, payload);
                Messages.Update(ticket, OperationState.Done);
                return;
        }
    }

    // Grows to the next power of two and stays: a steady stream of messages allocates nothing.
    private Span<byte> PayloadFor(int bytes)
    {
        if (_payload.Length < bytes)
        {
            _payload = GC.AllocateUninitializedArray<byte>((int)Math.Min(BitOperations.RoundUpToPowerOf2((uint)bytes), (uint)_settings.MaxPayloadBytes), pinned: true);
        }

        return _payload.AsSpan(0, bytes);
    }

    private bool Protocol(string what)
    {
        _mesh.Fail(MeshError.At(MeshErrorKind.Protocol, Peer, $"position {Peer}: {what}"));
        return false;
    }

    private bool Corrupt(string what)
    {
        _mesh.Fail(MeshError.At(MeshErrorKind.Corruption, Peer, $"{what} does not have its checksum: bits were changed on the way"));
        return false;
    }
}

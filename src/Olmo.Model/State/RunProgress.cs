using System.Buffers.Binary;

namespace Olmo.Model.State;

/// <summary>
/// The small part of the training state that every rank holds whole and that decides bits: it goes into the checkpoint's manifest as bytes, and its digest into every
/// announcement.
/// </summary>
/// <param name="skipStepWindow">Steps of the outlier rule's window; 0: no rule.</param>
public sealed class RunProgress(int skipStepWindow = 0)
{
    private const int Version = 2;
    private const int FixedBytes = 36;
    private const int FirstFixedBytes = 32; // of version 1
    private const int RoomBytes = 256; // for a few ranges more
    private byte[] _encoded = [];
    private ulong _digest;
    private bool _digestIsKnown;

    /// <summary>Steps done, skipped ones included.</summary>
    public long Step { get; private set; }

    /// <summary>Updates applied: the optimizer's t.</summary>
    public long Updates { get; private set; }

    /// <summary>Tokens of the batches of all steps done.</summary>
    public long Tokens { get; private set; }

    /// <summary>What decides whether a step is applied.</summary>
    public StepGuardState Guard { get; } = new(skipStepWindow);

    /// <summary>Which data the steps consumed.</summary>
    public SampleLedger Ledger { get; } = new();

    /// <summary>Digest of <see cref="ToBytes"/>: equal on every rank of a world. Not for files.</summary>
    public ulong Digest
    {
        get
        {
            if (!_digestIsKnown)
            {
                int length = EncodedBytes;
                if (_encoded.Length < length)
                {
                    _encoded = new byte[length + Guard.RoomBytes + RoomBytes]; // a window that fills allocates nothing
                }

                Write(_encoded);
                _digest = DigestOf(_encoded.AsSpan(0, length));
                _digestIsKnown = true;
            }

            return _digest;
        }
    }

    private int EncodedBytes => FixedBytes + Ledger.EncodedBytes + Guard.EncodedBytes;

    /// <summary>Counts a step as done.</summary>
    /// <param name="tokens">Tokens of its batch.</param>
    /// <param name="effect">Applied, or why not.</param>
    /// <param name="loss">Mean cross-entropy, for the guard.</param>
    /// <param name="norm">Norm of the gradient, for the guard.</param>
    /// <param name="samples">What its loss was given.</param>
    public void Complete(long tokens, StepEffect effect, double loss, double norm, in StepSamples samples)
    {
        Ledger.Add(samples.Batch, samples.Sequences, samples.Hash, effect != StepEffect.Applied);
        Step++;
        Tokens += tokens;
        Updates += effect == StepEffect.Applied ? 1 : 0;
        Guard.Took(effect, loss, norm);
        _digestIsKnown = false;
    }

    /// <summary>Starts a new stage: counters and ledger go back to 0, the moments and with them the update count stay.</summary>
    public void BeginStage()
    {
        Step = 0;
        Tokens = 0;
        Ledger.Clear();
        _digestIsKnown = false;
    }

    /// <summary>Little-endian: version, bytes of the ledger, bytes of the guard (int32), step, updates, tokens (int64), ledger, guard.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[EncodedBytes];
        Write(bytes);
        return bytes;
    }

    /// <summary>Takes over what <see cref="ToBytes"/> wrote; a window that the bytes lack starts empty.</summary>
    /// <exception cref="InvalidDataException">The bytes are no progress of a known version.</exception>
    public void Restore(ReadOnlySpan<byte> bytes)
    {
        int version = bytes.Length < FirstFixedBytes ? 0 : BinaryPrimitives.ReadInt32LittleEndian(bytes);
        int first = version == 1 ? 8 : 12;
        int ledger = version == 1 || bytes.Length < FixedBytes ? 0 : BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]);
        int guard = version == 0 ? 0 : BinaryPrimitives.ReadInt32LittleEndian(bytes[(first - 4)..]);
        int fixedBytes = first + 24;
        if (version is not (1 or Version) || ledger < 0 || guard < 0 || bytes.Length != fixedBytes + (long)ledger + guard)
        {
            throw new InvalidDataException($"{bytes.Length} bytes are no run progress of a version up to {Version}.");
        }

        long step = BinaryPrimitives.ReadInt64LittleEndian(bytes[first..]);
        long updates = BinaryPrimitives.ReadInt64LittleEndian(bytes[(first + 8)..]);
        long tokens = BinaryPrimitives.ReadInt64LittleEndian(bytes[(first + 16)..]);
        if (step < 0 || updates < 0 || tokens < 0)
        {
            throw new InvalidDataException($"Run progress with step {step}, {updates} updates and {tokens} tokens.");
        }

        if (version == 1)
        {
            Ledger.Clear(); // nothing was noted then
            Guard.RestoreWindow(bytes[fixedBytes..]);
        }
        else
        {
            if (Ledger.Restore(bytes.Slice(fixedBytes, ledger)) != ledger)
            {
                throw new InvalidDataException($"Run progress whose ledger is not the {ledger} bytes that it names.");
            }

            Guard.Restore(bytes[(fixedBytes + ledger)..]);
        }

        Step = step;
        Updates = updates;
        Tokens = tokens;
        _digestIsKnown = false;
    }

    /// <summary>Digest of bytes that <see cref="ToBytes"/> wrote.</summary>
    public static ulong DigestOf(ReadOnlySpan<byte> bytes)
    {
        ulong digest = 14695981039346656037 + (ulong)bytes.Length;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            digest = Mix(digest, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        foreach (byte b in bytes)
        {
            digest = Mix(digest, b);
        }

        return digest;
    }

    private static ulong Mix(ulong digest, ulong value)
    {
        ulong mixed = (digest ^ value) * 0x9E3779B97F4A7C15;
        return mixed ^ (mixed >> 32);
    }

    private void Write(Span<byte> bytes)
    {
        int ledger = Ledger.EncodedBytes;
        BinaryPrimitives.WriteInt32LittleEndian(bytes, Version);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[4..], ledger);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[8..], Guard.EncodedBytes);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[12..], Step);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[20..], Updates);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[28..], Tokens);
        Ledger.Write(bytes[FixedBytes..]);
        Guard.Write(bytes[(FixedBytes + ledger)..]);
    }
}

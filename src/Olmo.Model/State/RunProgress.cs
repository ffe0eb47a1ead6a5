using System.Buffers.Binary;
using Olmo.Model.Optimization;

namespace Olmo.Model.State;

/// <summary>
/// The small part of the training state that every rank holds whole and that decides bits: it goes into the checkpoint's manifest as bytes.
/// </summary>
/// <param name="skipStepWindow">Steps of the outlier rule's window; 0: no rule.</param>
public sealed class RunProgress(int skipStepWindow = 0)
{
    private const int Version = 1;
    private const int FixedBytes = 32;

    /// <summary>Steps done, skipped ones included.</summary>
    public long Step { get; private set; }

    /// <summary>Updates applied: the optimizer's t.</summary>
    public long Updates { get; private set; }

    /// <summary>Tokens of the batches of all steps done.</summary>
    public long Tokens { get; private set; }

    /// <summary>Losses and norms of earlier steps; null without the outlier rule.</summary>
    public SkipStepWindow? Window { get; private set; } = skipStepWindow == 0 ? null : new SkipStepWindow(skipStepWindow);

    /// <summary>Counts a step as done.</summary>
    /// <param name="tokens">Tokens of its batch.</param>
    /// <param name="applied">False where it was left out.</param>
    /// <param name="loss">Mean cross-entropy, for the window.</param>
    /// <param name="norm">Norm of the gradient, for the window.</param>
    public void Complete(long tokens, bool applied, double loss, double norm)
    {
        Step++;
        Tokens += tokens;
        Updates += applied ? 1 : 0;
        Window?.Append(loss, norm);
    }

    /// <summary>Starts a new stage: counters go back to 0, the moments and with them the update count stay.</summary>
    public void BeginStage()
    {
        Step = 0;
        Tokens = 0;
    }

    /// <summary>Little-endian: version, window bytes (int32), step, updates, tokens (int64), window.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[FixedBytes + (Window?.EncodedBytes ?? 0)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, Version);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), bytes.Length - FixedBytes);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), Step);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), Updates);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(24), Tokens);
        Window?.Write(bytes.AsSpan(FixedBytes));
        return bytes;
    }

    /// <summary>Takes over what <see cref="ToBytes"/> wrote; a window that the bytes lack starts empty.</summary>
    /// <exception cref="InvalidDataException">The bytes are no progress of a known version.</exception>
    public void Restore(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < FixedBytes || BinaryPrimitives.ReadInt32LittleEndian(bytes) != Version
            || BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]) != bytes.Length - FixedBytes)
        {
            throw new InvalidDataException($"{bytes.Length} bytes are no run progress of version {Version}.");
        }

        long step = BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]);
        long updates = BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]);
        long tokens = BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]);
        if (step < 0 || updates < 0 || tokens < 0)
        {
            throw new InvalidDataException($"Run progress with step {step}, {updates} updates and {tokens} tokens.");
        }

        if (Window is { } window)
        {
            Window = bytes.Length > FixedBytes ? SkipStepWindow.Read(bytes[FixedBytes..], window.Capacity) : new SkipStepWindow(window.Capacity);
        }

        Step = step;
        Updates = updates;
        Tokens = tokens;
    }
}

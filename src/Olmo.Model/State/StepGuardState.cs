using System.Buffers.Binary;
using Olmo.Model.Optimization;

namespace Olmo.Model.State;

/// <summary>
/// What the guard of steps remembers: finite losses and norms of the latest steps, and how many steps in a row were left out. Part of the run's replicated state: stored
/// with each checkpoint, handed to joiners and restored on resume and roll-back, so that every world and every replay decides the same. Its size is bounded by the
/// window. Decisions only read it (<see cref="Steps.StepGuard"/>); it is changed in place, so that steps allocate nothing.
/// </summary>
/// <param name="window">Steps of the outlier rule's window; 0: no outlier rule.</param>
public sealed class StepGuardState(int window = 0)
{
    private const int FixedBytes = 8;

    /// <summary>Losses and norms of earlier steps; null without the outlier rule.</summary>
    public SkipStepWindow? Window { get; private set; } = window == 0 ? null : new SkipStepWindow(window);

    /// <summary>Steps left out since the last applied one because a value was not finite.</summary>
    public int NotFiniteInRow { get; private set; }

    /// <summary>Steps left out since the last applied one as outliers.</summary>
    public int SpikesInRow { get; private set; }

    /// <summary>Bytes of <see cref="Write"/>.</summary>
    public int EncodedBytes => FixedBytes + (Window?.EncodedBytes ?? 0);

    /// <summary>Bytes that <see cref="EncodedBytes"/> may still grow by.</summary>
    internal int RoomBytes => Window is { } filling ? 16 * (filling.Capacity - filling.Count) : 0;

    /// <summary>Takes a step that is done into account. What was not finite never enters the window, nor does the loss beside it, in which it counts as 0.</summary>
    /// <param name="effect">What the step did.</param>
    /// <param name="loss">Mean cross-entropy.</param>
    /// <param name="norm">Norm of the gradient.</param>
    public void Took(StepEffect effect, double loss, double norm)
    {
        switch (effect)
        {
            case StepEffect.NotFinite:
                NotFiniteInRow = checked(NotFiniteInRow + 1);
                return;
            case StepEffect.SpikeApart:
                SpikesInRow = checked(SpikesInRow + 1);
                return;
            case StepEffect.Spike:
                SpikesInRow = checked(SpikesInRow + 1);
                break;
            default:
                NotFiniteInRow = 0;
                SpikesInRow = 0;
                break;
        }

        Window?.Append(loss, norm);
    }

    /// <summary>Little-endian: not finite in a row, outliers in a row (int32), window.</summary>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteInt32LittleEndian(destination, NotFiniteInRow);
        BinaryPrimitives.WriteInt32LittleEndian(destination[4..], SpikesInRow);
        Window?.Write(destination[FixedBytes..]);
    }

    /// <summary>Takes over what <see cref="Write"/> wrote. A window that the bytes lack starts empty; one that this state does not keep is left out.</summary>
    /// <exception cref="InvalidDataException">The bytes are no state of the guard.</exception>
    public void Restore(ReadOnlySpan<byte> source)
    {
        int notFinite = source.Length < FixedBytes ? -1 : BinaryPrimitives.ReadInt32LittleEndian(source);
        int spikes = source.Length < FixedBytes ? -1 : BinaryPrimitives.ReadInt32LittleEndian(source[4..]);
        if (notFinite < 0 || spikes < 0)
        {
            throw new InvalidDataException($"{source.Length} bytes with {notFinite} and {spikes} steps in a row are no state of the guard of steps.");
        }

        RestoreWindow(source[FixedBytes..]);
        NotFiniteInRow = notFinite;
        SpikesInRow = spikes;
    }

    /// <summary>Takes over the window alone: the state before there were counters.</summary>
    internal void RestoreWindow(ReadOnlySpan<byte> source)
    {
        if (Window is { } own)
        {
            Window = source.IsEmpty ? new SkipStepWindow(own.Capacity) : SkipStepWindow.Read(source, own.Capacity);
        }

        NotFiniteInRow = 0;
        SpikesInRow = 0;
    }
}

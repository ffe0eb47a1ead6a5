using System.Buffers.Binary;

namespace Olmo.Model.Optimization;

/// <summary>
/// Losses and gradient norms of the latest steps: part of the run's state, replicated in every rank and stored with each checkpoint (the
/// reference forgets it at a restart). Values that are not finite never enter, so that one bad step cannot block the rule.
/// </summary>
public sealed class SkipStepWindow
{
    private readonly double[] _losses;
    private readonly double[] _norms;
    private int _next;

    /// <summary>An empty window.</summary>
    public SkipStepWindow(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 2);
        _losses = new double[capacity];
        _norms = new double[capacity];
    }

    /// <summary>Steps that the window can hold.</summary>
    public int Capacity => _losses.Length;

    /// <summary>Steps that it holds.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of <see cref="Write"/>.</summary>
    public int EncodedBytes => 8 + (16 * Count);

    /// <summary>Adds a step, dropping the oldest where the window is full; ignored where either value is not finite.</summary>
    public void Append(double loss, double norm)
    {
        if (!double.IsFinite(loss) || !double.IsFinite(norm))
        {
            return;
        }

        _losses[_next] = loss;
        _norms[_next] = norm;
        _next = (_next + 1) % Capacity;
        Count = Math.Min(Count + 1, Capacity);
    }

    /// <summary>True unless the loss or the norm lies more than the allowed number of standard deviations above the mean of the window.</summary>
    /// <remarks>
    /// Mean and unbiased deviation over the earlier steps only, oldest first, in fp64. Decides once the window, with this step, holds half its
    /// capacity and at least two earlier steps. The caller rules out values that are not finite.
    /// </remarks>
    public bool Allows(double loss, double norm, double sigmas)
    {
        if (Count + 1 < Math.Max(2, Capacity / 2) || Count < 2)
        {
            return true;
        }

        return IsWithin(_losses, loss, sigmas) && IsWithin(_norms, norm, sigmas);
    }

    /// <summary>Little-endian: capacity, count (int32), then count pairs of loss and norm, oldest first.</summary>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteInt32LittleEndian(destination, Capacity);
        BinaryPrimitives.WriteInt32LittleEndian(destination[4..], Count);
        for (int i = 0; i < Count; i++)
        {
            int at = Index(i);
            BinaryPrimitives.WriteDoubleLittleEndian(destination[(8 + (16 * i))..], _losses[at]);
            BinaryPrimitives.WriteDoubleLittleEndian(destination[(16 + (16 * i))..], _norms[at]);
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote. A window of another capacity keeps the latest steps that fit.</summary>
    /// <exception cref="InvalidDataException">The bytes are not a window.</exception>
    public static SkipStepWindow Read(ReadOnlySpan<byte> source, int capacity)
    {
        int count = source.Length < 8 ? -1 : BinaryPrimitives.ReadInt32LittleEndian(source[4..]);
        if (count < 0 || source.Length != 8L + (16L * count) || count > BinaryPrimitives.ReadInt32LittleEndian(source))
        {
            throw new InvalidDataException($"A skip-step window of {source.Length} bytes cannot hold {count} steps.");
        }

        SkipStepWindow window = new(capacity);
        for (int i = 0; i < count; i++)
        {
            window.Append(
                BinaryPrimitives.ReadDoubleLittleEndian(source[(8 + (16 * i))..]), BinaryPrimitives.ReadDoubleLittleEndian(source[(16 + (16 * i))..]));
        }

        return window;
    }

    private int Index(int age) => (_next - Count + age + Capacity) % Capacity;

    private bool IsWithin(double[] values, double latest, double sigmas)
    {
        double sum = 0.0;
        for (int i = 0; i < Count; i++)
        {
            sum += values[Index(i)];
        }

        double mean = sum / Count;
        double squares = 0.0;
        for (int i = 0; i < Count; i++)
        {
            double deviation = values[Index(i)] - mean;
            squares += deviation * deviation;
        }

        return latest - mean <= sigmas * Math.Sqrt(squares / (Count - 1));
    }
}

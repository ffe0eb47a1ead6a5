using System.Globalization;

namespace Olmo.Model.Tensors;

/// <summary>Lengths of up to four axes, row-major, as a value: no allocation. Lengths are 64-bit.</summary>
public readonly record struct Shape
{
    /// <summary>Most axes.</summary>
    public const int MaxRank = 4;

    private readonly long _a;
    private readonly long _b;
    private readonly long _c;
    private readonly long _d;

    public Shape(long a)
        : this(1, a, 1, 1, 1)
    {
    }

    public Shape(long a, long b)
        : this(2, a, b, 1, 1)
    {
    }

    public Shape(long a, long b, long c)
        : this(3, a, b, c, 1)
    {
    }

    public Shape(long a, long b, long c, long d)
        : this(4, a, b, c, d)
    {
    }

    private Shape(int rank, long a, long b, long c, long d)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(a);
        ArgumentOutOfRangeException.ThrowIfNegative(b);
        ArgumentOutOfRangeException.ThrowIfNegative(c);
        ArgumentOutOfRangeException.ThrowIfNegative(d);
        Rank = rank;
        (_a, _b, _c, _d) = (a, b, c, d);
        Count = checked(a * b * c * d);
    }

    /// <summary>Number of axes.</summary>
    public int Rank { get; }

    /// <summary>Number of elements.</summary>
    public long Count { get; }

    /// <summary>Product of all lengths but the last: rows of a matrix.</summary>
    public long Rows => Rank == 1 ? 1 : Count == 0 ? 0 : Count / Columns;

    /// <summary>Length of the last axis.</summary>
    public long Columns => this[Rank - 1];

    /// <summary>Length of an axis.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such axis.</exception>
    public long this[int axis] => (uint)axis >= (uint)Rank
        ? throw new ArgumentOutOfRangeException(nameof(axis), axis, $"The shape has {Rank} axes.")
        : axis switch
        {
            0 => _a,
            1 => _b,
            2 => _c,
            _ => _d,
        };

    /// <summary>A shape of 1 to 4 lengths.</summary>
    /// <exception cref="ArgumentException">No lengths, or too many.</exception>
    public static Shape Of(ReadOnlySpan<long> lengths) => lengths.Length switch
    {
        1 => new(lengths[0]),
        2 => new(lengths[0], lengths[1]),
        3 => new(lengths[0], lengths[1], lengths[2]),
        4 => new(lengths[0], lengths[1], lengths[2], lengths[3]),
        _ => throw new ArgumentException($"A shape has 1 to {MaxRank} axes; {lengths.Length} were given.", nameof(lengths)),
    };

    /// <summary>The lengths as an array.</summary>
    public long[] ToArray()
    {
        long[] lengths = new long[Rank];
        for (int i = 0; i < Rank; i++)
        {
            lengths[i] = this[i];
        }

        return lengths;
    }

    /// <inheritdoc/>
    public override string ToString() => $"[{string.Join(", ", ToArray().Select(n => n.ToString(CultureInfo.InvariantCulture)))}]";
}

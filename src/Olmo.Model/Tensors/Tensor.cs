namespace Olmo.Model.Tensors;

/// <summary>
/// Handle of a contiguous row-major tensor: a buffer of some provider, a first element and a shape. Copying it copies no data; the value <c>default</c> is "no
/// tensor" and stands for an optional argument that is left out.
/// </summary>
public readonly record struct Tensor
{
    private readonly TensorBuffer? _buffer;

    /// <summary>A view of a buffer.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The view does not lie inside the buffer.</exception>
    public Tensor(TensorBuffer buffer, long offset, Shape shape)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        if (offset > buffer.Count - shape.Count)
        {
            throw new ArgumentOutOfRangeException(
                nameof(offset), offset, $"A tensor of shape {shape} at this element does not fit the {buffer.Count} elements of '{buffer.Name}'.");
        }

        _buffer = buffer;
        Offset = offset;
        Shape = shape;
    }

    /// <summary>True for the value that stands for no tensor.</summary>
    public bool IsNone => _buffer is null;

    /// <summary>Memory that it lies in.</summary>
    /// <exception cref="InvalidOperationException">There is no tensor.</exception>
    public TensorBuffer Buffer => _buffer ?? throw new InvalidOperationException("A tensor that is not there was used.");

    /// <summary>First element, counted in elements of the buffer.</summary>
    public long Offset { get; }

    /// <summary>Lengths of the axes.</summary>
    public Shape Shape { get; }

    /// <summary>Type of the elements.</summary>
    public DType DType => Buffer.DType;

    /// <summary>Number of elements.</summary>
    public long Count => Shape.Count;

    /// <summary>True: see <see cref="SeenAsBFloat16"/>.</summary>
    public bool IsSeenAsBFloat16 { get; private init; }

    /// <summary>
    /// The same elements as the weight of products: read as they are and rounded to bf16 (to nearest, ties to even) where they are read, so that nobody keeps a rounded copy. Products have the bits that
    /// they have with such a copy; every other operation refuses it.
    /// </summary>
    /// <exception cref="InvalidOperationException">It is not F32 in rows.</exception>
    public Tensor SeenAsBFloat16() => DType == DType.F32 && !Buffer.IsPacked
        ? this with { IsSeenAsBFloat16 = true }
        : throw new InvalidOperationException($"'{Buffer.Name}' is {(Buffer.IsPacked ? "packed " : "")}{DType}; F32 in rows is rounded where it is read.");

    /// <summary>The elements as they are in memory.</summary>
    public Tensor AsStored() => this with { IsSeenAsBFloat16 = false };

    /// <summary>Elements from <paramref name="offset"/> on, counted from this tensor's first, seen as <paramref name="shape"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The view does not lie inside this tensor.</exception>
    public Tensor View(long offset, Shape shape)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        if (Buffer.IsPacked)
        {
            throw new InvalidOperationException($"'{Buffer.Name}' is packed: it has no views.");
        }

        if (offset > Count - shape.Count)
        {
            throw new ArgumentOutOfRangeException(nameof(offset), offset, $"A view of shape {shape} at this element does not fit a tensor of shape {Shape}.");
        }

        return new Tensor(Buffer, Offset + offset, shape) { IsSeenAsBFloat16 = IsSeenAsBFloat16 };
    }

    /// <summary>The first rows of a matrix.</summary>
    public Tensor FirstRows(long rows) => View(0, new Shape(rows, Shape.Columns));

    /// <summary>Rows [from, from + count) of a matrix.</summary>
    public Tensor RowRange(long from, long count) => View(from * Shape.Columns, new Shape(count, Shape.Columns));
}

namespace Olmo.Model.Tensors;

/// <summary>
/// Every tensor that will be needed, named before any memory is taken: a provider allocates the whole plan at once, before the first step, and nothing later.
/// Tensors start on multiples of 64 bytes.
/// </summary>
public sealed class BufferPlan
{
    /// <summary>A packed matrix has room for a multiple of so many rows.</summary>
    public const int PackedRows = 32;

    private readonly List<Entry> _entries = [];

    /// <summary>
    /// True: the tensors lie in main memory that the device copies to by itself (page-locked, where it has memory of its own), to be read while it works.
    /// </summary>
    public bool InHostMemory { get; init; }

    /// <summary>True: the tensors may begin with any content, as whoever planned them writes before it reads: a provider need not touch the memory, which takes as long as writing it.</summary>
    public bool MayBeginWithAnything { get; init; }

    /// <summary>Tensors planned.</summary>
    public int Count => _entries.Count;

    /// <summary>Bytes of all tensors, alignment included.</summary>
    public long SizeBytes { get; private set; }

    /// <summary>Adds a tensor.</summary>
    /// <param name="name">For messages; need not be unique.</param>
    /// <param name="dtype">Type of its elements.</param>
    /// <param name="shape">Lengths of its axes; it may have no elements.</param>
    public TensorSlot Add(string name, DType dtype, Shape shape) => Add(new Entry(name, dtype, shape, shape.Count, IsPacked: false));

    /// <summary>Adds a matrix of weights in the device's own order: <see cref="ITensorProvider.Pack"/> writes it, embeddings and linear layers read it.</summary>
    /// <param name="name">For messages.</param>
    /// <param name="dtype">F32 or BF16.</param>
    /// <param name="shape">[out, in]</param>
    public TensorSlot AddPacked(string name, DType dtype, Shape shape) =>
        Add(new Entry(name, dtype, shape, checked((shape.Rows + PackedRows - 1) / PackedRows * PackedRows * shape.Columns), IsPacked: true));

    /// <summary>A planned tensor.</summary>
    public Entry this[TensorSlot slot] => _entries[slot.Index];

    /// <summary>A planned tensor.</summary>
    /// <param name="Name">For messages.</param>
    /// <param name="DType">Type of its elements.</param>
    /// <param name="Shape">Lengths of its axes.</param>
    /// <param name="Elements">Elements that its memory has room for: more than the shape's where it is packed.</param>
    /// <param name="IsPacked">A matrix in the device's own order.</param>
    public readonly record struct Entry(string Name, DType DType, Shape Shape, long Elements, bool IsPacked);

    private TensorSlot Add(in Entry entry)
    {
        ArgumentException.ThrowIfNullOrEmpty(entry.Name);
        SizeBytes = checked(SizeBytes + ((checked(entry.Elements * entry.DType.SizeBytes()) + 63) & ~63L));
        _entries.Add(entry);
        return new TensorSlot(_entries.Count - 1);
    }
}

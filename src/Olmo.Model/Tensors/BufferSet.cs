namespace Olmo.Model.Tensors;

/// <summary>The memory of one plan. It starts as zeros, unless its plan allows anything, and lives until it is disposed.</summary>
public abstract class BufferSet : IDisposable
{
    private readonly Tensor[] _tensors;

    /// <param name="tensors">One tensor for each entry of the plan, in its order.</param>
    protected BufferSet(Tensor[] tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        _tensors = tensors;
    }

    /// <summary>The tensor of a slot.</summary>
    public Tensor this[TensorSlot slot] => _tensors[slot.Index];

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the memory.</summary>
    protected abstract void Dispose(bool disposing);
}

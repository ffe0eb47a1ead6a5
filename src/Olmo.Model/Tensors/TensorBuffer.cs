namespace Olmo.Model.Tensors;

/// <summary>Memory of one provider on one device. Only the provider that made it knows what it is.</summary>
/// <param name="device">Where it lies.</param>
/// <param name="name">Name in its plan, for messages.</param>
/// <param name="dtype">Type of its elements.</param>
/// <param name="count">Number of its elements.</param>
/// <param name="isPacked">It holds one matrix in the order in which the device reads weights.</param>
public abstract class TensorBuffer(string device, string name, DType dtype, long count, bool isPacked = false)
{
    /// <summary>Where it lies; buffers of one device can be used together.</summary>
    public string Device { get; } = device;

    /// <summary>Name in its plan, for messages.</summary>
    public string Name { get; } = name;

    /// <summary>Type of its elements.</summary>
    public DType DType { get; } = dtype;

    /// <summary>Number of its elements.</summary>
    public long Count { get; } = count;

    /// <summary>True: one matrix in the device's own order; elements have no places that a view could name.</summary>
    public bool IsPacked { get; } = isPacked;
}

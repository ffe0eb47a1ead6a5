namespace Olmo.Model.Tensors;

/// <summary>
/// Types of one parameter's numbers: settings of their own even where the arithmetic is fp32. They decide bits; master and reduce types that are not those of <see cref="Single"/> are part of
/// the layout's hash, which compute types leave alone: a state can be trained on in another. Accumulators inside a pass, and a group's gradient, are fp32 whatever they are.
/// </summary>
/// <param name="Master">Values that the optimizer updates: F32, BF16 or F16, no narrower than <paramref name="Compute"/>.</param>
/// <param name="Compute">What passes see weights and activations rounded to, once, and store them as: F32, BF16 or F16.</param>
/// <param name="Reduce">Sums of group gradients: I64 (fixed point of scale 2^-48: the same in any order), or F32 or BF16 (not the same in any order).</param>
public sealed record Precision(DType Master, DType Compute, DType Reduce)
{
    /// <summary>fp32 everywhere, exact sums.</summary>
    public static Precision Single { get; } = new(DType.F32, DType.F32, DType.I64);

    /// <summary>fp32 for the optimizer and in the arithmetic, bf16 for what passes see of weights and keep of activations, exact sums.</summary>
    public static Precision BFloat16 { get; } = new(DType.F32, DType.BF16, DType.I64);

    /// <summary>Checks that the types can play their parts, on whatever device.</summary>
    /// <exception cref="ArgumentException">One cannot; the message names it.</exception>
    public void Validate()
    {
        Require(Master is DType.F32 or DType.BF16 or DType.F16, nameof(Master), Master, "F32, BF16 or F16");
        Require(Compute is DType.F32 or DType.BF16 or DType.F16, nameof(Compute), Compute, "F32, BF16 or F16");
        Require(Reduce is DType.I64 or DType.F32 or DType.BF16, nameof(Reduce), Reduce, "I64, F32 or BF16");
        Require(Master.SizeBytes() >= Compute.SizeBytes() && (Master == DType.F32 || Master == Compute), nameof(Master), Master, $"F32 or the compute type, {Compute}");
    }

    /// <summary>Checks that a device offers the types.</summary>
    /// <param name="provider">Device.</param>
    /// <param name="parameter">Name of the parameter, for the message.</param>
    /// <exception cref="ArgumentException">See <see cref="Validate"/>.</exception>
    /// <exception cref="NotSupportedException">It does not; the message names the parameter, its types and those on offer.</exception>
    public void ThrowIfNotOffered(ITensorProvider provider, string parameter)
    {
        ArgumentNullException.ThrowIfNull(provider);
        Validate();
        if (!provider.Precisions.Contains(this))
        {
            throw new NotSupportedException(
                $"The types of '{parameter}' ({this}) are not offered by the device '{provider.Device}', which has {string.Join("; ", provider.Precisions)}.");
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"master {Master}, compute {Compute}, reduce {Reduce}";

    private void Require(bool holds, string part, DType found, string allowed)
    {
        if (!holds)
        {
            throw new ArgumentException($"{part} type {found} cannot be used ({this}); it must be {allowed}.", part);
        }
    }
}

namespace Olmo.Model.Tensors;

/// <summary>What of a device decides how much memory passes take.</summary>
/// <param name="ActivationTypes">See <see cref="ITensorProvider.ActivationTypes"/>.</param>
/// <param name="LeastProductRows">See <see cref="ITensorProvider.LeastProductRows"/>.</param>
public sealed record DeviceTraits(IReadOnlyCollection<DType> ActivationTypes, int LeastProductRows)
{
    /// <summary>Of a device that is there.</summary>
    public static DeviceTraits Of(ITensorProvider provider)
    {
        ArgumentNullException.ThrowIfNull(provider);
        return new DeviceTraits(provider.ActivationTypes, provider.LeastProductRows);
    }

    /// <summary>The type that passes work in where activations are to be of a type.</summary>
    public DType WorkingTypeOf(DType wanted) => ActivationTypes.Contains(wanted) ? wanted : DType.F32;
}

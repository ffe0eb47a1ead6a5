namespace Olmo.Model.Steps;

/// <summary>How numbers are stored where they may differ; each is a setting of its own. Today there is one choice each, and it decides bits.</summary>
/// <param name="Master">Parameters and moments of the owner.</param>
/// <param name="Compute">Parameters, activations and gradients in forward and backward passes.</param>
/// <param name="Reduce">Sums of gradients across groups.</param>
public sealed record NumberFormats(
    NumberFormat Master = NumberFormat.Float32, NumberFormat Compute = NumberFormat.Float32, NumberFormat Reduce = NumberFormat.Fixed64)
{
    public NumberFormat Master { get; } = Only(Master, NumberFormat.Float32, nameof(Master));

    public NumberFormat Compute { get; } = Only(Compute, NumberFormat.Float32, nameof(Compute));

    public NumberFormat Reduce { get; } = Only(Reduce, NumberFormat.Fixed64, nameof(Reduce));

    private static NumberFormat Only(NumberFormat value, NumberFormat supported, string name) =>
        value == supported ? value : throw new ArgumentOutOfRangeException(name, value, $"The only {name} format is {supported}.");
}

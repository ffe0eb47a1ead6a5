namespace Olmo.Model.Tensors;

/// <summary>Which angles a table of RoPE holds.</summary>
/// <param name="Theta">Base of the frequencies, theta^(-2i/e).</param>
/// <param name="HeadWidth">e, even.</param>
/// <param name="Yarn">Extension to longer contexts, or null.</param>
public sealed record RopeSpectrum(double Theta, int HeadWidth, YarnScaling? Yarn = null);

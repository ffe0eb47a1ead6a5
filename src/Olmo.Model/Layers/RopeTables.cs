using Olmo.Model.Models;
using Olmo.Model.Tensors;

namespace Olmo.Model.Layers;

/// <summary>Sines and cosines that a layer turns q and k by.</summary>
/// <param name="Cos">[positions, e/2]</param>
/// <param name="Sin">[positions, e/2]</param>
internal sealed record RopeTables(Tensor Cos, Tensor Sin)
{
    /// <summary>What rows at these positions are turned by.</summary>
    /// <param name="positions">I32 [rows]</param>
    public RopeAngles At(in Tensor positions) => new(positions, Cos, Sin);

    /// <summary>The spectrum of a layer: YaRN acts on layers without a window only.</summary>
    public static RopeSpectrum SpectrumOf(OlmoConfig config, int block) =>
        new(config.RopeTheta, config.HeadWidth, config.WindowOf(block) == 0 ? config.Yarn : null);
}

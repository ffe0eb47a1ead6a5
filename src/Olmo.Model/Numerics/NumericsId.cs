namespace Olmo.Model.Numerics;

/// <summary>
/// Version of everything that decides bits: the order of sums in every kernel (chains of fused multiply-adds, 16 lanes, the fold 8-4-2-1), the key tile of attention and the
/// tile of the loss, the polynomials of the elementary functions, the scale of the fixed-point sums, the chunk, the order of AdamW's operations, and the random streams of initial
/// weights and data. A change of any of them raises it; a world holds one id, and it stands in journal, manifest and generation.
/// </summary>
public static class NumericsId
{
    /// <summary>The id of this program on CPUs, whatever their vector width.</summary>
    public const string Current = "cpu-fp32-1";
}

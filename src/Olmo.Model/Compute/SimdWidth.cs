namespace Olmo.Model.Compute;

/// <summary>Vector instructions that a kernel uses. They decide speed only: every width gives the same bits.</summary>
public enum SimdWidth
{
    /// <summary>No vector instructions; <see cref="MathF.FusedMultiplyAdd"/>.</summary>
    Scalar,

    /// <summary>256-bit vectors: AVX2 with fused multiply-add.</summary>
    Avx2,

    /// <summary>512-bit vectors: AVX-512 F, BW, DQ and VL.</summary>
    Avx512,
}

using System.Globalization;
using Olmo.Model.Compute;
using Olmo.Model.Kernels;

namespace Olmo.Bench;

/// <summary>One multiplication of a training step: Nt (y = x · Wᵀ), Nn (dx = dy · W) or Tn (dW += dyᵀ · x).</summary>
internal readonly record struct GemmCase(string Form, nint M, nint N, nint K, bool Accumulate)
{
    /// <summary>Multiply-adds count twice.</summary>
    public double Flops => 2.0 * M * N * K;

    /// <summary>Every case of one layer [T, in] -> [T, out].</summary>
    public static IEnumerable<GemmCase> OfLayer(nint tokens, nint width, nint outputs) =>
        [new("Nt", tokens, outputs, width, false), new("Nn", tokens, width, outputs, false), new("Tn", outputs, width, tokens, true)];

    /// <summary>Our multiplication.</summary>
    public unsafe void Multiply(ComputePool pool, SimdWidth simd, GemmWorkspace workspace, float* a, float* b, float* c)
    {
        switch (Form)
        {
            case "Nt":
                Gemm.Nt(pool, simd, workspace, M, N, K, a, K, b, K, c, N, Accumulate);
                break;
            case "Nn":
                Gemm.Nn(pool, simd, workspace, M, N, K, a, K, b, N, c, N, Accumulate);
                break;
            default:
                Gemm.Tn(pool, simd, workspace, M, N, K, a, M, b, N, c, N, Accumulate);
                break;
        }
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Form} {M}x{N}x{K}");
}

using Olmo.Model.Compute;

#pragma warning disable CS1573 // parameters that speak for themselves are not described
namespace Olmo.Model.Kernels;

/// <summary>
/// Causal attention without a T x T buffer. A query at position i sees keys first(i)..i. The order is fixed and does not depend on how rows
/// or heads are split: scores are chains over e ascending, times the scale; key tiles of <see cref="AttentionShape.KeyTile"/> start at position 0
/// and a tile without an allowed key is skipped for that row; per tile m = max, P = exp(S - m), the sum of P in 16 lanes (key mod 16) folded
/// 8-4-2-1 and added by fma(l, exp(m_old - m), fold), and P V continues the chain, keys ascending, from O * exp(m_old - m).
/// Queries one at a time against a cache give the same bits as all at once.
/// </summary>
internal static unsafe partial class Attention
{
    /// <summary>output[r, h, :] = softmax(scale * q k) v for rows from..to and query heads from..to.</summary>
    /// <param name="output">[rows, H, e], rows <paramref name="outputStride"/> floats apart.</param>
    /// <param name="logSumExp">[rows, H], written: m + ln(sum), for the backward pass; null where there is none.</param>
    /// <param name="workspace"><see cref="AttentionShape.ForwardWorkspace"/> floats of this worker, 64-byte aligned.</param>
    public static void Forward(
        SimdWidth width, in AttentionShape shape, in AttentionInputs inputs, float* output, nint outputStride, float* logSumExp, float* workspace,
        int fromHead, int toHead, nint fromRow, nint toRow)
    {
        switch (width)
        {
            case SimdWidth.Avx512:
                ForwardLanes<Lanes512>(shape, inputs, output, outputStride, logSumExp, workspace, fromHead, toHead, fromRow, toRow);
                break;
            case SimdWidth.Avx2:
                ForwardLanes<Lanes256>(shape, inputs, output, outputStride, logSumExp, workspace, fromHead, toHead, fromRow, toRow);
                break;
            default:
                ForwardReference(shape, inputs, output, outputStride, logSumExp, fromHead, toHead, fromRow, toRow);
                break;
        }
    }

    /// <summary>
    /// Gradients of one whole sequence for KV heads from..to and their query heads: P = exp(S - lse), delta = sum of dO * O in 16 lanes,
    /// dS = (P * (dP - delta)) * scale; dQ chains over keys ascending, dK and dV over (query head of the group, query) ascending, from +0.
    /// </summary>
    /// <param name="inputs">As in the forward pass, with FirstPosition 0.</param>
    /// <param name="output">[rows, H, e] of the forward pass, rows <paramref name="outputStride"/> floats apart.</param>
    /// <param name="outputGradient">as output</param>
    /// <param name="logSumExp">[rows, H] of the forward pass.</param>
    /// <param name="queryGradient">[rows, H, e], written, rows QueryStride floats apart; none of the inputs.</param>
    /// <param name="keyGradient">[rows, K, e], written, rows KeyStride floats apart; none of the inputs.</param>
    /// <param name="valueGradient">[rows, K, e], written, rows ValueStride floats apart; none of the inputs.</param>
    /// <param name="workspace"><see cref="AttentionShape.BackwardWorkspace"/> floats of this worker, 64-byte aligned.</param>
    public static void Backward(
        SimdWidth width, in AttentionShape shape, in AttentionInputs inputs, float* output, float* outputGradient, nint outputStride, float* logSumExp,
        float* queryGradient, float* keyGradient, float* valueGradient, float* workspace, nint rows, int fromKeyHead, int toKeyHead)
    {
        switch (width)
        {
            case SimdWidth.Avx512:
                BackwardLanes<Lanes512>(
                    shape, inputs, output, outputGradient, outputStride, logSumExp, queryGradient, keyGradient, valueGradient, workspace, rows,
                    fromKeyHead, toKeyHead);
                break;
            case SimdWidth.Avx2:
                BackwardLanes<Lanes256>(
                    shape, inputs, output, outputGradient, outputStride, logSumExp, queryGradient, keyGradient, valueGradient, workspace, rows,
                    fromKeyHead, toKeyHead);
                break;
            default:
                BackwardReference(
                    shape, inputs, output, outputGradient, outputStride, logSumExp, queryGradient, keyGradient, valueGradient, rows, fromKeyHead, toKeyHead);
                break;
        }
    }
}

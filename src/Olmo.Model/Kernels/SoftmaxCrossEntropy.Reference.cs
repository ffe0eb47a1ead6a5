using Olmo.Model.Numerics;

namespace Olmo.Model.Kernels;

internal static unsafe partial class SoftmaxCrossEntropy
{
    public static (float Max, float Sum) SumOfExponentialsReference(float* row, nint count)
    {
        float* lanes = stackalloc float[LaneFold.Lanes];
        new Span<float>(lanes, LaneFold.Lanes).Clear();
        float max = float.NegativeInfinity;
        for (nint start = 0; start < count; start += Tile)
        {
            nint end = Math.Min(start + Tile, count);
            float previous = max;
            for (nint j = start; j < end; j++)
            {
                max = max > row[j] ? max : row[j];
            }

            // Before any finite logit the lanes hold 0 and stay so.
            float shift = max == float.NegativeInfinity ? 0f : max;
            float rescale = Elementary.Exp(previous - shift);
            for (int l = 0; l < LaneFold.Lanes; l++)
            {
                lanes[l] *= rescale;
            }

            for (nint j = start; j < end; j++)
            {
                lanes[j % LaneFold.Lanes] += Elementary.Exp(row[j] - shift);
            }
        }

        return (max, LaneFold.Sum(lanes));
    }

    public static void ScaledExponentialsReference(float* row, float max, float factor, nint count)
    {
        for (nint j = 0; j < count; j++)
        {
            row[j] = Elementary.Exp(row[j] - max) * factor;
        }
    }
}

namespace Olmo.Model.Kernels;

internal static unsafe partial class RmsNorm
{
    public static void ForwardReference(
        float* x, float* weight, float* y, float* rstd, nint columns, float epsilon, nint fromRow, nint toRow, float* residual = null)
    {
        float* lanes = stackalloc float[LaneFold.Lanes];
        for (nint t = fromRow; t < toRow; t++)
        {
            float* row = x + (t * columns);
            new Span<float>(lanes, LaneFold.Lanes).Clear();
            for (nint c = 0; c < columns; c++)
            {
                lanes[c % LaneFold.Lanes] = MathF.FusedMultiplyAdd(row[c], row[c], lanes[c % LaneFold.Lanes]);
            }

            float r = 1f / MathF.Sqrt((LaneFold.Sum(lanes) / columns) + epsilon);
            for (nint c = 0; c < columns; c++)
            {
                float normed = weight[c] * (row[c] * r);
                y[(t * columns) + c] = residual == null ? normed : residual[(t * columns) + c] + normed;
            }

            if (rstd != null)
            {
                rstd[t] = r;
            }
        }
    }

    public static void BackwardInputReference(
        float* dy, float* x, float* weight, float* rstd, float* dx, nint columns, nint fromRow, nint toRow)
    {
        float* lanes = stackalloc float[LaneFold.Lanes];
        for (nint t = fromRow; t < toRow; t++)
        {
            nint start = t * columns;
            new Span<float>(lanes, LaneFold.Lanes).Clear();
            for (nint c = 0; c < columns; c++)
            {
                float g = dy[start + c] * weight[c];
                lanes[c % LaneFold.Lanes] = MathF.FusedMultiplyAdd(g, x[start + c] * rstd[t], lanes[c % LaneFold.Lanes]);
            }

            float mean = LaneFold.Sum(lanes) / columns;
            for (nint c = 0; c < columns; c++)
            {
                float g = dy[start + c] * weight[c];
                dx[start + c] = rstd[t] * MathF.FusedMultiplyAdd(x[start + c] * rstd[t], -mean, g);
            }
        }
    }

    public static void BackwardWeightReference(
        float* dy, float* x, float* rstd, float* weightGradient, nint rows, nint columns, nint fromColumn, nint toColumn)
    {
        for (nint t = 0; t < rows; t++)
        {
            for (nint c = fromColumn; c < toColumn; c++)
            {
                weightGradient[c] = MathF.FusedMultiplyAdd(dy[(t * columns) + c], x[(t * columns) + c] * rstd[t], weightGradient[c]);
            }
        }
    }
}

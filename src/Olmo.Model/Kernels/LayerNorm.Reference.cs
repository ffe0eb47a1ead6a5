namespace Olmo.Model.Kernels;

internal static unsafe partial class LayerNorm
{
    public static void ForwardReference(
        float* x, float* y, float* mean, float* rstd, nint columns, float epsilon, nint fromRow, nint toRow)
    {
        float* lanes = stackalloc float[LaneFold.Lanes];
        for (nint t = fromRow; t < toRow; t++)
        {
            float* row = x + (t * columns);
            new Span<float>(lanes, LaneFold.Lanes).Clear();
            for (nint c = 0; c < columns; c++)
            {
                lanes[c % LaneFold.Lanes] += row[c];
            }

            float m = LaneFold.Sum(lanes) / columns;
            new Span<float>(lanes, LaneFold.Lanes).Clear();
            for (nint c = 0; c < columns; c++)
            {
                float centred = row[c] - m;
                lanes[c % LaneFold.Lanes] = MathF.FusedMultiplyAdd(centred, centred, lanes[c % LaneFold.Lanes]);
            }

            float r = 1f / MathF.Sqrt((LaneFold.Sum(lanes) / columns) + epsilon);
            for (nint c = 0; c < columns; c++)
            {
                y[(t * columns) + c] = (row[c] - m) * r;
            }

            if (rstd != null)
            {
                mean[t] = m;
                rstd[t] = r;
            }
        }
    }

    public static void BackwardReference(
        float* dy, float* x, float* mean, float* rstd, float* dx, nint columns, nint fromRow, nint toRow)
    {
        float* lanes = stackalloc float[LaneFold.Lanes];
        float* dots = stackalloc float[LaneFold.Lanes];
        for (nint t = fromRow; t < toRow; t++)
        {
            nint start = t * columns;
            new Span<float>(lanes, LaneFold.Lanes).Clear();
            new Span<float>(dots, LaneFold.Lanes).Clear();
            for (nint c = 0; c < columns; c++)
            {
                float n = (x[start + c] - mean[t]) * rstd[t];
                lanes[c % LaneFold.Lanes] += dy[start + c];
                dots[c % LaneFold.Lanes] = MathF.FusedMultiplyAdd(dy[start + c], n, dots[c % LaneFold.Lanes]);
            }

            float meanDy = LaneFold.Sum(lanes) / columns;
            float meanDot = LaneFold.Sum(dots) / columns;
            for (nint c = 0; c < columns; c++)
            {
                float n = (x[start + c] - mean[t]) * rstd[t];
                dx[start + c] = rstd[t] * MathF.FusedMultiplyAdd(n, -meanDot, dy[start + c] - meanDy);
            }
        }
    }
}

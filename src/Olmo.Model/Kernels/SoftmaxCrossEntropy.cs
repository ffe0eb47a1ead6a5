using Olmo.Model.Compute;
using Olmo.Model.Numerics;

namespace Olmo.Model.Kernels;

/// <summary>
/// Cross-entropy with z-loss of whole logit rows, and its gradient in place. Online over tiles of <see cref="Tile"/> logits: m the largest so
/// far, 16 lanes of exp(z - m), which are multiplied by exp(m_old - m) when a tile raises m; fold 8-4-2-1 at the end.
/// </summary>
internal static unsafe partial class SoftmaxCrossEntropy
{
    /// <summary>Logits per tile of the online sum; part of the numerics id.</summary>
    public const int Tile = 512;

    /// <summary>Losses of rows from..to; the logits stay.</summary>
    public static void Forward(SimdWidth width, in LossRows rows, nint fromRow, nint toRow)
    {
        for (nint t = fromRow; t < toRow; t++)
        {
            if (rows.Labels[t] == LossRows.Ignored)
            {
                WriteIgnored(rows, t);
                continue;
            }

            float* row = rows.Logits + (t * rows.RowStride);
            float label = row[rows.Labels[t]];
            (float max, float sum) = SumOfExponentials(width, row, rows.Vocabulary);
            WriteLosses(rows, t, label, max, sum);
        }
    }

    /// <summary>
    /// Losses of rows from..to, and the logits replaced by weight/N * (p_j * (1 + 2 ZMultiplier lse) - [j = label]); 0 where ignored.
    /// p_j * ... is formed as exp(z_j - m) * k with k = (weight/N * (1 + 2 ZMultiplier lse)) / sum.
    /// </summary>
    public static void ForwardBackward(SimdWidth width, in LossRows rows, nint fromRow, nint toRow)
    {
        for (nint t = fromRow; t < toRow; t++)
        {
            float* row = rows.Logits + (t * rows.RowStride);
            if (rows.Labels[t] == LossRows.Ignored)
            {
                WriteIgnored(rows, t);
                Fill(row, rows.Vocabulary);
                continue;
            }

            float label = row[rows.Labels[t]];
            (float max, float sum) = SumOfExponentials(width, row, rows.Vocabulary);
            float lse = WriteLosses(rows, t, label, max, sum);
            float scale = Weight(rows, t) * rows.InverseDivisor;
            float factor = scale * MathF.FusedMultiplyAdd(2f * rows.ZMultiplier, lse, 1f) / sum;
            ScaledExponentials(width, row, max, factor, rows.Vocabulary);
            row[rows.Labels[t]] -= scale;
        }
    }

    private static (float Max, float Sum) SumOfExponentials(SimdWidth width, float* row, nint count) => width switch
    {
        SimdWidth.Avx512 => SumOfExponentialsLanes<Lanes512>(row, count),
        SimdWidth.Avx2 => SumOfExponentialsLanes<Lanes256>(row, count),
        _ => SumOfExponentialsReference(row, count),
    };

    private static void ScaledExponentials(SimdWidth width, float* row, float max, float factor, nint count)
    {
        switch (width)
        {
            case SimdWidth.Avx512:
                ScaledExponentialsLanes<Lanes512>(row, max, factor, count);
                break;
            case SimdWidth.Avx2:
                ScaledExponentialsLanes<Lanes256>(row, max, factor, count);
                break;
            default:
                ScaledExponentialsReference(row, max, factor, count);
                break;
        }
    }

    private static float Weight(in LossRows rows, nint t) => rows.Weights == null ? 1f : rows.Weights[t];

    private static float WriteLosses(in LossRows rows, nint t, float label, float max, float sum)
    {
        // (m - z) + ln sum keeps the digits that lse - z would lose where the logits have a large common offset.
        float log = Elementary.Log(sum);
        float lse = max + log;
        float entropy = max - label + log;
        float weight = Weight(rows, t);
        Write(rows.CrossEntropy, t, weight * entropy);
        Write(rows.ZLoss, t, weight * (rows.ZMultiplier * (lse * lse)));
        Write(rows.LogProbability, t, -entropy);
        Write(rows.LogSumExp, t, lse);
        return lse;
    }

    private static void WriteIgnored(in LossRows rows, nint t)
    {
        Write(rows.CrossEntropy, t, 0f);
        Write(rows.ZLoss, t, 0f);
        Write(rows.LogProbability, t, 0f);
        Write(rows.LogSumExp, t, 0f);
    }

    private static void Write(float* destination, nint t, float value)
    {
        if (destination != null)
        {
            destination[t] = value;
        }
    }

    private static void Fill(float* row, nint count)
    {
        for (nint i = 0; i < count; i += Tile)
        {
            new Span<float>(row + i, (int)Math.Min(Tile, count - i)).Clear();
        }
    }

    private static (float Max, float Sum) SumOfExponentialsLanes<T>(float* row, nint count)
        where T : struct, ILanes<T>
    {
        T lanes = T.Splat(0f);
        float max = float.NegativeInfinity;
        for (nint start = 0; start < count; start += Tile)
        {
            nint end = Math.Min(start + Tile, count);
            float previous = max;
            T largest = T.Splat(max);
            nint j = start;
            for (; j <= end - LaneFold.Lanes; j += LaneFold.Lanes)
            {
                largest = T.Max(largest, T.Load(row + j));
            }

            if (j < end)
            {
                largest = T.Max(largest, T.LoadTail(row + j, end - j, float.NegativeInfinity));
            }

            max = T.FoldMax(largest);
            float shift = max == float.NegativeInfinity ? 0f : max;
            T subtrahend = T.Splat(shift);
            lanes *= T.Splat(Elementary.Exp(previous - shift));
            for (j = start; j <= end - LaneFold.Lanes; j += LaneFold.Lanes)
            {
                lanes += LaneMath.Exp(T.Load(row + j) - subtrahend);
            }

            if (j < end)
            {
                lanes += LaneMath.Exp(T.LoadTail(row + j, end - j, float.NegativeInfinity) - subtrahend);
            }
        }

        return (max, T.FoldSum(lanes));
    }

    private static void ScaledExponentialsLanes<T>(float* row, float max, float factor, nint count)
        where T : struct, ILanes<T>
    {
        T subtrahend = T.Splat(max);
        T multiplier = T.Splat(factor);
        nint j = 0;
        for (; j <= count - LaneFold.Lanes; j += LaneFold.Lanes)
        {
            T.Store(LaneMath.Exp(T.Load(row + j) - subtrahend) * multiplier, row + j);
        }

        if (j < count)
        {
            T.StoreTail(LaneMath.Exp(T.LoadTail(row + j, count - j, 0f) - subtrahend) * multiplier, row + j, count - j);
        }
    }
}

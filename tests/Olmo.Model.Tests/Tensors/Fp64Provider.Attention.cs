using Olmo.Model.Numerics;
using Olmo.Model.Tensors;

namespace Olmo.Model.Tests.Tensors;

internal sealed partial class Fp64Provider
{
    public void Attention(
        in AttentionGeometry geometry, in Tensor query, in Tensor key, in Tensor value, in Tensor documentStarts, in Tensor output, in Tensor logSumExp)
    {
        AttentionGeometry g = geometry;
        for (int row = 0; row < g.QueryRows; row++)
        {
            (int first, int last) = KeysOf(g, row, documentStarts);
            for (int h = 0; h < g.QueryHeads; h++)
            {
                Span<double> o = Head(output, row, h, g.HeadWidth);
                o.Clear();
                double[] scores = Scores(g, query, key, row, h, first, last);
                double lse = LogSumExp(scores);
                for (int j = first; j <= last; j++)
                {
                    AddScaled(o, Head(value, KeyRow(g, row, j), h / (g.QueryHeads / g.KeyHeads), g.HeadWidth), Elementary.Exp(scores[j - first] - lse));
                }

                if (!logSumExp.IsNone)
                {
                    Doubles(logSumExp)[(row * g.QueryHeads) + h] = lse;
                }
            }
        }
    }

    public void CachedAttention(
        in CacheGeometry geometry,
        ReadOnlySpan<CacheSegment> segments,
        in Tensor query,
        in Tensor key,
        in Tensor value,
        in Tensor keyCache,
        in Tensor valueCache,
        in Tensor output)
    {
        CacheGeometry g = geometry;
        foreach (CacheSegment s in segments)
        {
            long slot = (long)s.Slot * g.Capacity;
            Copy(key.RowRange(s.FirstRow, s.Rows), keyCache.RowRange(slot + s.FirstPosition, s.Rows));
            Copy(value.RowRange(s.FirstRow, s.Rows), valueCache.RowRange(slot + s.FirstPosition, s.Rows));
            Attention(
                new AttentionGeometry(1, s.Rows, g.Capacity, s.FirstPosition, g.QueryHeads, g.KeyHeads, g.HeadWidth, g.Window),
                query.RowRange(s.FirstRow, s.Rows),
                keyCache.RowRange(slot, g.Capacity),
                valueCache.RowRange(slot, g.Capacity),
                default,
                output.RowRange(s.FirstRow, s.Rows),
                default);
        }
    }

    public void AttentionGradient(
        in AttentionGeometry geometry,
        in Tensor query,
        in Tensor key,
        in Tensor value,
        in Tensor documentStarts,
        in Tensor output,
        in Tensor logSumExp,
        in Tensor outputGradient,
        in Tensor queryGradient,
        in Tensor keyGradient,
        in Tensor valueGradient)
    {
        AttentionGeometry g = geometry;
        Doubles(queryGradient).Clear();
        Doubles(keyGradient).Clear();
        Doubles(valueGradient).Clear();
        double scale = 1.0 / Math.Sqrt(g.HeadWidth);
        for (int row = 0; row < g.QueryRows; row++)
        {
            (int first, int last) = KeysOf(g, row, documentStarts);
            for (int h = 0; h < g.QueryHeads; h++)
            {
                int kv = h / (g.QueryHeads / g.KeyHeads);
                Span<double> dO = Head(outputGradient, row, h, g.HeadWidth);
                double delta = Dot(dO, Head(output, row, h, g.HeadWidth));
                double[] scores = Scores(g, query, key, row, h, first, last);
                double lse = LogSumExp(scores);
                for (int j = first; j <= last; j++)
                {
                    int at = KeyRow(g, row, j);
                    double p = Elementary.Exp(scores[j - first] - lse);
                    double dS = scale * p * (Dot(dO, Head(value, at, kv, g.HeadWidth)) - delta);
                    AddScaled(Head(valueGradient, at, kv, g.HeadWidth), dO, p);
                    AddScaled(Head(queryGradient, row, h, g.HeadWidth), Head(key, at, kv, g.HeadWidth), dS);
                    AddScaled(Head(keyGradient, at, kv, g.HeadWidth), Head(query, row, h, g.HeadWidth), dS);
                }
            }
        }
    }

    private static (int First, int Last) KeysOf(in AttentionGeometry g, int row, in Tensor documentStarts)
    {
        int position = g.FirstPosition + (row % g.Queries);
        int first = documentStarts.IsNone ? 0 : Ints(documentStarts)[row];
        return (g.Window == 0 ? first : Math.Max(first, position - g.Window + 1), position);
    }

    private static int KeyRow(in AttentionGeometry g, int row, int position) => (row / g.Queries * g.Keys) + position;

    private static Span<double> Head(in Tensor tensor, int row, int head, int width) =>
        Doubles(tensor).Slice((row * (int)tensor.Shape.Columns) + (head * width), width);

    private static double[] Scores(in AttentionGeometry g, in Tensor query, in Tensor key, int row, int h, int first, int last)
    {
        double[] scores = new double[last - first + 1];
        for (int j = first; j <= last; j++)
        {
            scores[j - first] = Dot(Head(query, row, h, g.HeadWidth), Head(key, KeyRow(g, row, j), h / (g.QueryHeads / g.KeyHeads), g.HeadWidth))
                / Math.Sqrt(g.HeadWidth);
        }

        return scores;
    }

    private static double LogSumExp(double[] scores)
    {
        double max = scores.Max();
        double sum = 0.0;
        foreach (double s in scores)
        {
            sum += Elementary.Exp(s - max);
        }

        return max + Elementary.Log(sum);
    }

    private static void AddScaled(Span<double> target, Span<double> source, double factor)
    {
        for (int i = 0; i < target.Length; i++)
        {
            target[i] += factor * source[i];
        }
    }
}

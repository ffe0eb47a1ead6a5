using Olmo.Model.Tensors;
using static Olmo.Model.Tensors.AttentionChecks;
using static Olmo.Model.Tensors.OperandChecks;

namespace Olmo.Model.Cuda;

/// <content>
/// Attention in two forms: bf16 heads of 64 or 128 columns by tensor cores, all else by fp32 arithmetic. The backward pass sums gradients of keys and values over queries in one kernel and those of
/// queries over keys in another, so that every sum has one order.
/// </content>
public sealed unsafe partial class CudaProvider
{
    private const int MostHeadColumns = 256;
    private const int TensorCoreQueries = 128; // of a block, and keys of a block of their gradients
    private const int PlainQueries = 64;
    private const int PlainKeys = 32;
    private const int BoundsOfTile = 68;

    /// <inheritdoc/>
    /// <remarks>Queries, keys, values and output are F32, or all BF16; heads have at most 256 columns.</remarks>
    public void Attention(
        in AttentionGeometry geometry, in Tensor query, in Tensor key, in Tensor value, in Tensor documentStarts, in Tensor output, in Tensor logSumExp)
    {
        RequireAttention(geometry, query, key, value, output);
        RequireRows(geometry, query, key, documentStarts, logSumExp);
        (ulong q, ulong k, ulong v, ulong o) = (Address(query), Address(key, query.DType), Address(value, query.DType), Address(output, query.DType));
        ulong starts = Optional(documentStarts, DType.I32);
        ulong lse = Optional(logSumExp, DType.F32);
        if (query.DType == DType.BF16 && UsesTensorCores(geometry.HeadWidth, q | k | v | o))
        {
            TensorCoreAttention(geometry, q, k, v, starts, o, lse);
        }
        else
        {
            PlainAttention(geometry, Ending(query), q, k, v, starts, o, lse);
        }

        Changed(output);
        Changed(logSumExp);
    }

    /// <inheritdoc/>
    /// <remarks>All are F32, or all BF16; heads have at most 256 columns.</remarks>
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
        RequireAttention(geometry, query, key, value, output);
        RequireGradients(geometry, query, key, value, outputGradient, queryGradient, keyGradient, valueGradient);
        RequireRows(geometry, query, key, documentStarts, logSumExp);
        DType type = query.DType;
        GradientOperands operands = new(
            Address(query),
            Address(key, type),
            Address(value, type),
            Optional(documentStarts, DType.I32),
            Address(output, type),
            Address(logSumExp, DType.F32),
            Address(outputGradient, type),
            Address(queryGradient, type),
            Address(keyGradient, type),
            Address(valueGradient, type));
        if (type == DType.BF16 && UsesTensorCores(geometry.HeadWidth, operands.AllAddresses))
        {
            TensorCoreGradient(geometry, operands);
        }
        else
        {
            PlainGradient(geometry, Ending(query), operands);
        }

        Changed(queryGradient);
        Changed(keyGradient);
        Changed(valueGradient);
    }

    // Tiles are copied in pieces of 16 bytes.
    private static bool UsesTensorCores(int headWidth, ulong addresses) => headWidth is 64 or 128 && (addresses & 15) == 0;

    private static void RequireRows(in AttentionGeometry g, in Tensor query, in Tensor key, in Tensor documentStarts, in Tensor logSumExp)
    {
        Require(g.HeadWidth <= MostHeadColumns, $"attention (heads of at most {MostHeadColumns} columns)", query, key);
        Require(documentStarts.IsNone || documentStarts.Count == g.QueryRows, "attention", query, documentStarts.IsNone ? query : documentStarts);
        Require(logSumExp.IsNone || logSumExp.Count == g.QueryRows * g.QueryHeads, "attention", query, logSumExp.IsNone ? query : logSumExp);
    }

    private static float ScaleOf(int headWidth) => (float)(1.0 / Math.Sqrt(headWidth));

    private static int TilesOf(int rows, int ofTile) => (rows + ofTile - 1) / ofTile;

    private void TensorCoreAttention(in AttentionGeometry g, ulong query, ulong key, ulong value, ulong starts, ulong output, ulong logSumExp)
    {
        // Queries, two tiles each of 64 keys and values, the queries' first keys; 256 bytes to begin on a multiple of them.
        int sharedBytes = 256 + (384 * 2 * g.HeadWidth) + (132 * sizeof(int));
        Launch(
            $"attention_bf16/forward_{g.HeadWidth}_bf16", new KernelGrid(TilesOf(g.Queries, TensorCoreQueries), g.QueryHeads, g.Sequences), 128, sharedBytes,
            query, key, value, starts, output, logSumExp,
            g.Queries, g.Keys, g.FirstPosition, g.QueryHeads, g.QueryHeads / g.KeyHeads, g.Window, ScaleOf(g.HeadWidth));
    }

    private void PlainAttention(in AttentionGeometry g, string types, ulong query, ulong key, ulong value, ulong starts, ulong output, ulong logSumExp)
    {
        int sharedBytes = sizeof(float) * (((PlainQueries + (2 * PlainKeys)) * (g.HeadWidth | 1)) + (PlainQueries * (PlainKeys + 1)) + PlainQueries);
        Launch(
            $"attention_f32/forward_{PlainWidth(g.HeadWidth)}_{types}", new KernelGrid(TilesOf(g.Queries, PlainQueries), g.QueryHeads, g.Sequences), 256, sharedBytes,
            query, key, value, starts, output, logSumExp,
            g.Queries, g.Keys, g.FirstPosition, g.QueryHeads, g.QueryHeads / g.KeyHeads, g.HeadWidth, g.Window, ScaleOf(g.HeadWidth));
    }

    // Gradients of scores are kept for as many sequences at a time as this has room for.
    private const long MostKeptBytes = 1280L << 20;

    private void TensorCoreGradient(in AttentionGeometry g, in GradientOperands o)
    {
        int tiles = TilesOf(g.Queries, TensorCoreQueries);
        int padded = tiles * TensorCoreQueries;
        int group = g.QueryHeads / g.KeyHeads;
        int row = 2 * g.HeadWidth;
        int threads = 2 * g.HeadWidth;
        float scale = ScaleOf(g.HeadWidth);
        long blocks = padded / 32L * ((padded / 32L) + 1) / 2;
        long keptBytes = g.QueryHeads * blocks * (32 * 32 * sizeof(ushort));
        int atOnce = (int)Math.Min(g.Sequences, MostKeptBytes / keptBytes);
        long statisticsBytes = (long)g.QueryHeads * padded * 2 * sizeof(float);
        long boundsBytes = padded / 64L * BoundsOfTile * sizeof(int);
        ulong kept = Scratch((atOnce * keptBytes) + (g.Sequences * (statisticsBytes + boundsBytes)));
        ulong statistics = kept + (ulong)(atOnce * keptBytes);
        ulong bounds = statistics + (ulong)(g.Sequences * statisticsBytes);
        Launch("attention_gradient_bf16/bounds_bf16", new KernelGrid(padded / 64, g.Sequences), 32, 0, o.Starts, bounds, g.Queries, g.Window);
        Launch(
            $"attention_gradient_bf16/row_statistics_{g.HeadWidth}_bf16", new KernelGrid((long)padded * g.QueryHeads * (g.HeadWidth / 8) / 256, g.Sequences), 256, 0,
            o.Output, o.OutputGradient, o.LogSumExp, statistics, g.Queries, g.QueryHeads, padded);

        // Keys and values of a block, two tiles each of 64 queries and their gradients, their statistics and bounds; where two warps share keys, what they tell each other.
        int exchangeBytes = g.HeadWidth == 128 ? 8 * 4096 : 0;
        int keyBytes = 256 + (512 * row) + (2 * 64 * 2 * sizeof(float)) + (2 * BoundsOfTile * sizeof(int)) + exchangeBytes;
        int step = Math.Max(atOnce, 1);
        for (int s = 0; s < g.Sequences; s += step)
        {
            int count = Math.Min(step, g.Sequences - s);
            ulong q = (ulong)((long)s * g.Queries * g.QueryHeads * row);
            ulong k = (ulong)((long)s * g.Queries * g.KeyHeads * row);
            ulong ofStatistics = statistics + (ulong)(s * statisticsBytes);
            ulong ofBounds = bounds + (ulong)(s * boundsBytes);
            Launch(
                $"attention_gradient_bf16/key_gradients_{g.HeadWidth}_bf16", new KernelGrid(tiles, g.KeyHeads, count), threads, keyBytes,
                o.Query + q, o.Key + k, o.Value + k, o.OutputGradient + q, ofStatistics, ofBounds, atOnce > 0 ? kept : 0, o.KeyGradient + k, o.ValueGradient + k,
                g.Queries, g.QueryHeads, group, padded, scale);
            KernelGrid byQueries = new(tiles, g.QueryHeads, count);
            if (atOnce > 0)
            {
                Launch(
                    $"attention_gradient_bf16/query_sums_{g.HeadWidth}_bf16", byQueries, 128, 256 + (128 * row),
                    o.Key + k, kept, ofBounds, o.QueryGradient + q, g.Queries, g.QueryHeads, group, padded, scale);
            }
            else
            {
                Launch(
                    $"attention_gradient_bf16/query_gradients_{g.HeadWidth}_bf16", byQueries, 128, 256 + (384 * row),
                    o.Query + q, o.Key + k, o.Value + k, o.OutputGradient + q, ofStatistics, ofBounds, o.QueryGradient + q, g.Queries, g.QueryHeads, group, padded, scale);
            }
        }
    }

    private void PlainGradient(in AttentionGeometry g, string type, in GradientOperands o)
    {
        int tiles = TilesOf(g.Queries, PlainQueries);
        int group = g.QueryHeads / g.KeyHeads;
        int queryBytes = sizeof(float) * ((2 * (PlainQueries + PlainKeys) * (g.HeadWidth | 1)) + (PlainQueries * (PlainKeys + 1)));
        int keyBytes = queryBytes + (sizeof(float) * PlainQueries * (PlainKeys + 1));
        float scale = ScaleOf(g.HeadWidth);
        long count = g.QueryRows * g.QueryHeads;
        ulong deltas = Scratch(count * sizeof(float));
        Launch($"attention_gradient_f32/row_deltas_{type}", KernelGrid.Over(count, 8), 256, 0, o.Output, o.OutputGradient, deltas, count, g.HeadWidth);
        Launch(
            $"attention_gradient_f32/key_gradients_{PlainWidth(g.HeadWidth)}_{type}", new KernelGrid(tiles, g.KeyHeads, g.Sequences), 256, keyBytes,
            o.Query, o.Key, o.Value, o.OutputGradient, o.LogSumExp, deltas, o.Starts, o.KeyGradient, o.ValueGradient,
            g.Queries, g.QueryHeads, group, g.HeadWidth, g.Window, scale);
        Launch(
            $"attention_gradient_f32/query_gradients_{PlainWidth(g.HeadWidth)}_{type}", new KernelGrid(tiles, g.QueryHeads, g.Sequences), 256, queryBytes,
            o.Query, o.Key, o.Value, o.OutputGradient, o.LogSumExp, deltas, o.Starts, o.QueryGradient,
            g.Queries, g.QueryHeads, group, g.HeadWidth, g.Window, scale);
    }

    private static int PlainWidth(int headWidth) => headWidth <= 128 ? 128 : MostHeadColumns;

    private readonly record struct GradientOperands(
        ulong Query, ulong Key, ulong Value, ulong Starts, ulong Output, ulong LogSumExp, ulong OutputGradient, ulong QueryGradient, ulong KeyGradient, ulong ValueGradient)
    {
        public ulong AllAddresses => Query | Key | Value | Output | OutputGradient | QueryGradient | KeyGradient | ValueGradient;
    }
}

using Olmo.Model.Compute;

#pragma warning disable CS1573 // parameters that speak for themselves are not described
namespace Olmo.Model.Kernels;

/// <summary>Rows of a table by token id: y[t] = table[id[t]].</summary>
internal static unsafe partial class Embedding
{
    /// <summary>y[t, :] = table[ids[t], :] for tokens from..to.</summary>
    /// <param name="table">[V, columns]; every id is inside [0, V): checked where the batch is made.</param>
    /// <param name="ids">[tokens]</param>
    /// <param name="y">[tokens, columns]</param>
    public static void Forward(float* table, int* ids, float* y, nint columns, nint fromToken, nint toToken)
    {
        long bytes = columns * sizeof(float);
        for (nint t = fromToken; t < toToken; t++)
        {
            Buffer.MemoryCopy(table + (ids[t] * columns), y + (t * columns), bytes, bytes);
        }
    }

    /// <summary>
    /// tableGradient[ids[t], c] += dy[t, c], tokens ascending, for columns from..to. Two threads with disjoint columns never meet.
    /// </summary>
    /// <param name="dy">[tokens, columns]</param>
    /// <param name="tableGradient">[V, columns], added to.</param>
    public static void Backward(
        SimdWidth width, int* ids, float* dy, float* tableGradient, nint tokens, nint columns, nint fromColumn, nint toColumn)
    {
        for (nint t = 0; t < tokens; t++)
        {
            float* row = tableGradient + (ids[t] * columns);
            Residual.Add(width, row, dy + (t * columns), row, fromColumn, toColumn);
        }
    }
}

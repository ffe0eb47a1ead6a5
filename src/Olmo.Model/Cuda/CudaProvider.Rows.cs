using Olmo.Model.Tensors;
using static Olmo.Model.Tensors.OperandChecks;

namespace Olmo.Model.Cuda;

/// <content>Norms. Sums of a row are folded over a block's threads in a fixed order, those over rows by parts of a fixed number of rows.</content>
public sealed unsafe partial class CudaProvider
{
    private const int RowThreads = 256;
    private const int PairThreads = 128;
    private const int SumThreads = 1024;
    private const int RowsOfPart = 32;
    private const int PairRowsOfPart = 16;
    private const int ColumnsOfPart = 8 * RowThreads;
    private const int MostNormColumns = 8 * ColumnsOfPart;

    /// <inheritdoc/>
    public void RmsNorm(in Tensor x, in Tensor weight, in Tensor y, in Tensor rstd, double epsilon, in Tensor residual = default)
    {
        RequireSame("RMS norm", x, y);
        Require(weight.Count == x.Shape.Columns && x.DType == y.DType, "RMS norm", x, weight);
        Require(rstd.IsNone || rstd.Count == x.Shape.Rows, "RMS norm", x, rstd.IsNone ? x : rstd);
        if (!residual.IsNone)
        {
            RequireSame("RMS norm", residual, y);
        }

        Launch(
            $"rows/rms_norm_{Ending(x)}", x.Shape.Rows, RowThreads, 0,
            Address(x), Address(weight, DType.F32), Optional(residual, x.DType), Address(y), Optional(rstd, DType.F32), (int)x.Shape.Columns, (float)epsilon);
        Changed(y);
        Changed(rstd);
    }

    /// <inheritdoc/>
    /// <remarks>Both are F32, or both BF16.</remarks>
    public void RmsNormRope(in Tensor x, in Tensor weight, in Tensor rstd, double epsilon, in RopeAngles angles, in Tensor y)
    {
        RequireRope(x, angles, y);
        Require(weight.Count == x.Shape.Columns, "RMS norm and RoPE", x, weight);
        Require(rstd.IsNone || rstd.Count == x.Shape.Rows, "RMS norm and RoPE", x, rstd.IsNone ? x : rstd);
        ulong from = Address(x);
        ulong to = Address(y, x.DType);
        Require(from != to, "RMS norm and RoPE (not in place)", x, y);
        Launch(
            $"rows/rms_norm_rope_{(TurnsInEights(x, angles) ? 8 : 1)}_{Ending(x)}", x.Shape.Rows, PairThreads, 0,
            from, Address(weight, DType.F32), to, Optional(rstd, DType.F32), (int)x.Shape.Columns, (float)epsilon,
            Address(angles.Positions, DType.I32), Address(angles.Cos, DType.F32), Address(angles.Sin, DType.F32), (int)angles.Cos.Shape.Columns);
        Changed(y);
        Changed(rstd);
    }

    /// <inheritdoc/>
    /// <remarks>All are F32, or x is BF16 and the other two are as they come: F32 to F32 or BF16, or BF16 to BF16.</remarks>
    public void RmsNormGradient(in Tensor dy, in Tensor x, in Tensor weight, in Tensor rstd, in Tensor dx, in Tensor weightGradient, bool accumulate)
    {
        RequireRmsNormGradient(dy, x, weight, rstd, dx, weightGradient);
        Require(dy.DType == DType.F32 ? dx.DType == DType.F32 || x.DType == DType.BF16 : x.DType == dy.DType && dx.DType == dy.DType, "RMS norm gradient", dy, dx);
        (int columns, int rows, int parts, ulong partial) = PartsOf(x, RowsOfPart);
        Launch(
            $"rows/rms_norm_gradient_{LoopsOf(columns)}_{Ending(dy)}_{Ending(x)}_{Ending(dx)}", parts, RowThreads, 0,
            Address(dy), Address(x), Address(weight, DType.F32), Address(rstd, DType.F32), Address(dx), partial, columns, rows, RowsOfPart);
        SumParts(partial, weightGradient, parts, accumulate);
        Changed(dx);
    }

    /// <inheritdoc/>
    /// <remarks>All are F32, or all BF16.</remarks>
    public void RmsNormRopeGradient(
        in Tensor dy, in RopeAngles angles, in Tensor x, in Tensor weight, in Tensor rstd, in Tensor dx, in Tensor weightGradient, bool accumulate)
    {
        RequireRope(dy, angles, dx);
        RequireRmsNormGradient(dy, x, weight, rstd, dx, weightGradient);
        ulong upstream = Address(dy);
        ulong result = Address(dx, dy.DType);
        Require(upstream != result, "gradient of RMS norm and RoPE (not in place)", dy, dx);
        if (!TurnsInEights(dy, angles))
        {
            RopeGradient(dy, angles, dx);
            RmsNormGradient(dx, x, weight, rstd, dx, weightGradient, accumulate);
            return;
        }

        (int columns, int rows, int parts, ulong partial) = PartsOf(x, PairRowsOfPart);
        Launch(
            $"rows/rms_norm_rope_gradient_{LoopsOf(columns)}_{Ending(dy)}", parts, PairThreads, 0,
            upstream, Address(x, dy.DType), Address(weight, DType.F32), Address(rstd, DType.F32), result, partial, columns, rows, PairRowsOfPart,
            Address(angles.Positions, DType.I32), Address(angles.Cos, DType.F32), Address(angles.Sin, DType.F32), (int)angles.Cos.Shape.Columns);
        SumParts(partial, weightGradient, parts, accumulate);
        Changed(dx);
    }

    private static void RequireRmsNormGradient(in Tensor dy, in Tensor x, in Tensor weight, in Tensor rstd, in Tensor dx, in Tensor weightGradient)
    {
        RequireSame("RMS norm gradient", dy, x);
        RequireSame("RMS norm gradient", dy, dx);
        RequireSame("RMS norm gradient", weight, weightGradient);
        Require(weight.Count == x.Shape.Columns && rstd.Count == x.Shape.Rows, "RMS norm gradient", x, rstd);
        Require(x.Shape.Columns <= MostNormColumns, $"RMS norm gradient (at most {MostNormColumns} columns)", x, dy);
    }

    // The gradient of a norm's weight is summed over parts of so many rows first.
    private (int Columns, int Rows, int Parts, ulong Partial) PartsOf(in Tensor x, int rowsOfPart)
    {
        int columns = (int)x.Shape.Columns;
        int rows = checked((int)x.Shape.Rows);
        int parts = (rows + rowsOfPart - 1) / rowsOfPart;
        return (columns, rows, parts, Scratch((long)parts * columns * sizeof(float)));
    }

    private void SumParts(ulong partial, in Tensor weightGradient, int parts, bool accumulate)
    {
        int columns = (int)weightGradient.Count;
        Launch("rows/sum_parts", (columns + 31) / 32, SumThreads, 0, partial, Address(weightGradient, DType.F32), parts, columns, accumulate ? 1 : 0);
        Changed(weightGradient);
    }

    // Halves of heads are whole pieces of eight columns, which lie on multiples of their size.
    private static bool TurnsInEights(in Tensor rows, in RopeAngles angles) => angles.Cos.Shape.Columns % 8 == 0 && (Address(rows) & 15) == 0;

    private static int LoopsOf(int columns) => (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)((columns + ColumnsOfPart - 1) / ColumnsOfPart));

    /// <inheritdoc/>
    public void LayerNorm(in Tensor x, in Tensor y, in Tensor mean, in Tensor rstd, double epsilon)
    {
        RequireSame("layer norm", x, y);
        Require(x.DType == y.DType && (mean.IsNone || mean.Count == x.Shape.Rows), "layer norm", x, mean.IsNone ? y : mean);
        Require(mean.IsNone == rstd.IsNone && (rstd.IsNone || rstd.Count == x.Shape.Rows), "layer norm", x, rstd.IsNone ? y : rstd);
        Launch(
            $"rows/layer_norm_{Ending(x)}", x.Shape.Rows, RowThreads, 0,
            Address(x), Address(y), Optional(mean, DType.F32), Optional(rstd, DType.F32), (int)x.Shape.Columns, (float)epsilon);
        Changed(y);
        Changed(mean);
        Changed(rstd);
    }

    /// <inheritdoc/>
    /// <remarks>dy and dx are F32, or all are BF16.</remarks>
    public void LayerNormGradient(in Tensor dy, in Tensor x, in Tensor mean, in Tensor rstd, in Tensor dx)
    {
        RequireSame("layer norm gradient", dy, x);
        RequireSame("layer norm gradient", dy, dx);
        Require(mean.Count == x.Shape.Rows && rstd.Count == x.Shape.Rows && dx.DType == dy.DType, "layer norm gradient", mean, rstd);
        Require(dy.DType == DType.F32 || x.DType == dy.DType, "layer norm gradient", dy, x);
        Launch(
            $"rows/layer_norm_gradient_{Ending(dy)}_{Ending(x)}", x.Shape.Rows, RowThreads, 0,
            Address(dy), Address(x), Address(mean, DType.F32), Address(rstd, DType.F32), Address(dx), (int)x.Shape.Columns);
        Changed(dx);
    }
}

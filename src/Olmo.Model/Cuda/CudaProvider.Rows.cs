using Olmo.Model.Tensors;
using static Olmo.Model.Tensors.OperandChecks;

namespace Olmo.Model.Cuda;

/// <content>Norms. Sums of a row are folded over a block's threads in a fixed order, those over rows by parts of a fixed number of rows.</content>
public sealed unsafe partial class CudaProvider
{
    private const int RowThreads = 256;
    private const int RowsOfPart = 32;
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
    public void RmsNormGradient(in Tensor dy, in Tensor x, in Tensor weight, in Tensor rstd, in Tensor dx, in Tensor weightGradient, bool accumulate)
    {
        RequireSame("RMS norm gradient", dy, x);
        RequireSame("RMS norm gradient", dy, dx);
        RequireSame("RMS norm gradient", weight, weightGradient);
        Require(weight.Count == x.Shape.Columns && rstd.Count == x.Shape.Rows && x.DType == dy.DType && x.DType == dx.DType, "RMS norm gradient", x, rstd);
        Require(x.Shape.Columns <= MostNormColumns, $"RMS norm gradient (at most {MostNormColumns} columns)", x, dy);
        int columns = (int)x.Shape.Columns;
        int rows = checked((int)x.Shape.Rows);
        int parts = (rows + RowsOfPart - 1) / RowsOfPart;
        int each = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)((columns + ColumnsOfPart - 1) / ColumnsOfPart));
        ulong partial = Scratch((long)parts * columns * sizeof(float));
        Launch(
            $"rows/rms_norm_gradient_{each}_{Ending(x)}", parts, RowThreads, 0,
            Address(dy), Address(x), Address(weight, DType.F32), Address(rstd, DType.F32), Address(dx), partial, columns, rows, RowsOfPart);
        Launch("rows/sum_parts", (columns + 31) / 32, RowThreads, 0, partial, Address(weightGradient, DType.F32), parts, columns, accumulate ? 1 : 0);
        Changed(dx);
        Changed(weightGradient);
    }

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
    public void LayerNormGradient(in Tensor dy, in Tensor x, in Tensor mean, in Tensor rstd, in Tensor dx)
    {
        RequireSame("layer norm gradient", dy, x);
        RequireSame("layer norm gradient", dy, dx);
        Require(mean.Count == x.Shape.Rows && rstd.Count == x.Shape.Rows && x.DType == dy.DType && x.DType == dx.DType, "layer norm gradient", mean, rstd);
        Launch(
            $"rows/layer_norm_gradient_{Ending(x)}", x.Shape.Rows, RowThreads, 0,
            Address(dy), Address(x), Address(mean, DType.F32), Address(rstd, DType.F32), Address(dx), (int)x.Shape.Columns);
        Changed(dx);
    }
}

using Olmo.Model.Compute;
using Olmo.Model.Tensors;
using static Olmo.Model.Tensors.OperandChecks;

namespace Olmo.Model.Cpu;

public sealed unsafe partial class CpuProvider
{
    private enum RowOperation
    {
        Embedding,
        RmsNorm,
        RmsNormGradient,
        LayerNorm,
        LayerNormGradient,
        Rope,
        RopeGradient,
    }

    /// <inheritdoc/>
    public void Embedding(in Tensor table, in Tensor ids, in Tensor y)
    {
        Require(table.Shape.Columns == y.Shape.Columns && ids.Count == y.Shape.Rows, "embedding", table, y);
        if (table.Buffer.IsPacked)
        {
            PackedRowsJob rows = new()
            {
                Table = PackedAddress(table),
                Ids = Integers(ids),
                Y = Floats(y),
                Columns = (nint)y.Shape.Columns,
                Lanes = Kernels.PackedPanels.Lanes(_width),
                IsHalf = table.DType == DType.BF16,
            };
            _pool.Run(ref rows, (nint)y.Shape.Rows);
            return;
        }

        RunRows(new RowJob { Operation = RowOperation.Embedding, X = Floats(table), Y = Floats(y), Positions = Integers(ids) }, y);
    }

    /// <inheritdoc/>
    public void EmbeddingGradient(in Tensor ids, in Tensor dy, in Tensor tableGradient)
    {
        Require(tableGradient.Shape.Columns == dy.Shape.Columns && ids.Count == dy.Shape.Rows, "embedding gradient", dy, tableGradient);
        RunColumns(new ColumnJob { Gradient = Floats(dy), Ids = Integers(ids), Target = Floats(tableGradient) }, dy);
    }

    /// <inheritdoc/>
    public void RmsNorm(in Tensor x, in Tensor weight, in Tensor y, in Tensor rstd, double epsilon, in Tensor residual = default)
    {
        RequireSame("RMS norm", x, y);
        Require(weight.Count == x.Shape.Columns, "RMS norm", x, weight);
        Require(rstd.IsNone || rstd.Count == x.Shape.Rows, "RMS norm", x, rstd.IsNone ? x : rstd);
        if (!residual.IsNone)
        {
            RequireSame("RMS norm", residual, y);
        }

        RunRows(
            new RowJob
            {
                Operation = RowOperation.RmsNorm,
                X = Floats(x),
                Weight = Floats(weight),
                Residual = Optional(residual),
                Y = Floats(y),
                Rstd = Optional(rstd),
                Epsilon = (float)epsilon,
            },
            x);
    }

    /// <inheritdoc/>
    public void RmsNormGradient(in Tensor dy, in Tensor x, in Tensor weight, in Tensor rstd, in Tensor dx, in Tensor weightGradient, bool accumulate)
    {
        RequireSame("RMS norm gradient", dy, x);
        RequireSame("RMS norm gradient", dy, dx);
        RequireSame("RMS norm gradient", weight, weightGradient);
        Require(weight.Count == x.Shape.Columns && rstd.Count == x.Shape.Rows, "RMS norm gradient", x, rstd);
        if (!accumulate)
        {
            Zero(weightGradient);
        }

        RunColumns(new ColumnJob { Gradient = Floats(dy), X = Floats(x), Rstd = Floats(rstd), Target = Floats(weightGradient) }, x);
        RunRows(
            new RowJob
            {
                Operation = RowOperation.RmsNormGradient,
                Gradient = Floats(dy),
                X = Floats(x),
                Weight = Floats(weight),
                Rstd = Floats(rstd),
                Y = Floats(dx),
            },
            x);
    }

    /// <inheritdoc/>
    public void LayerNorm(in Tensor x, in Tensor y, in Tensor mean, in Tensor rstd, double epsilon)
    {
        RequireSame("layer norm", x, y);
        Require(mean.IsNone || mean.Count == x.Shape.Rows, "layer norm", x, mean.IsNone ? x : mean);
        Require(rstd.IsNone || rstd.Count == x.Shape.Rows, "layer norm", x, rstd.IsNone ? x : rstd);
        RunRows(
            new RowJob { Operation = RowOperation.LayerNorm, X = Floats(x), Y = Floats(y), Mean = Optional(mean), Rstd = Optional(rstd), Epsilon = (float)epsilon }, x);
    }

    /// <inheritdoc/>
    public void LayerNormGradient(in Tensor dy, in Tensor x, in Tensor mean, in Tensor rstd, in Tensor dx)
    {
        RequireSame("layer norm gradient", dy, x);
        RequireSame("layer norm gradient", dy, dx);
        Require(mean.Count == x.Shape.Rows && rstd.Count == x.Shape.Rows, "layer norm gradient", mean, rstd);
        RunRows(
            new RowJob { Operation = RowOperation.LayerNormGradient, Gradient = Floats(dy), X = Floats(x), Mean = Floats(mean), Rstd = Floats(rstd), Y = Floats(dx) },
            x);
    }

    /// <inheritdoc/>
    public void RopeTable(RopeSpectrum spectrum, in Tensor cos, in Tensor sin)
    {
        ArgumentNullException.ThrowIfNull(spectrum);
        RequireSame("RoPE table", cos, sin);
        int half = spectrum.HeadWidth / 2;
        if (cos.Shape.Columns != half || spectrum.HeadWidth % 2 != 0)
        {
            throw Unfit("RoPE table", cos, sin);
        }

        (float[] frequencies, float magnitude) = Kernels.RopeTable.Frequencies(spectrum);
        RopeTableJob job = new() { Cos = Floats(cos), Sin = Floats(sin), Frequencies = frequencies, Magnitude = magnitude };
        _pool.Run(ref job, (nint)cos.Shape.Rows, 16);
    }

    /// <inheritdoc/>
    public void Rope(in Tensor x, in RopeAngles angles, in Tensor y, double limit = double.PositiveInfinity)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        RequireRope(x, angles, y);
        bool clamps = double.IsFinite(limit);
        if (clamps)
        {
            Clamp(x, y, limit);
        }

        Turn(RowOperation.Rope, clamps ? y : x, angles, y);
    }

    /// <inheritdoc/>
    public void RopeGradient(in Tensor dy, in RopeAngles angles, in Tensor dx) =>
        Turn(RowOperation.RopeGradient, dy, angles, dx);

    /// <inheritdoc/>
    public void RmsNormRope(in Tensor x, in Tensor weight, in Tensor rstd, double epsilon, in RopeAngles angles, in Tensor y)
    {
        RequireRope(x, angles, y);
        RmsNorm(x, weight, y, rstd, epsilon);
        Turn(RowOperation.Rope, y, angles, y);
    }

    /// <inheritdoc/>
    public void RmsNormRopeGradient(
        in Tensor dy, in RopeAngles angles, in Tensor x, in Tensor weight, in Tensor rstd, in Tensor dx, in Tensor weightGradient, bool accumulate)
    {
        Turn(RowOperation.RopeGradient, dy, angles, dx);
        RmsNormGradient(dx, x, weight, rstd, dx, weightGradient, accumulate);
    }

    private void Turn(RowOperation operation, in Tensor x, in RopeAngles angles, in Tensor y)
    {
        RequireRope(x, angles, y);
        RunRows(
            new RowJob
            {
                Operation = operation,
                X = Floats(x),
                Positions = Integers(angles.Positions),
                Mean = Floats(angles.Cos),
                Rstd = Floats(angles.Sin),
                Y = Floats(y),
                HeadWidth = (nint)angles.Cos.Shape.Columns * 2,
            },
            x);
    }

    private void RunRows(RowJob job, in Tensor shape)
    {
        job.Width = _width;
        job.Columns = (nint)shape.Shape.Columns;
        _pool.Run(ref job, (nint)shape.Shape.Rows, Grain(job.Columns));
    }

    private void RunColumns(ColumnJob job, in Tensor shape)
    {
        job.Width = _width;
        job.Columns = (nint)shape.Shape.Columns;
        job.Rows = (nint)shape.Shape.Rows;
        _pool.Run(ref job, Blocks(job.Columns, ColumnBlock));
    }

    private struct RowJob : IRangeJob
    {
        public RowOperation Operation;
        public SimdWidth Width;
        public float* X;
        public float* Weight;
        public float* Residual;
        public float* Mean;
        public float* Rstd;
        public float* Gradient;
        public float* Y;
        public int* Positions;
        public nint Columns;
        public nint HeadWidth;
        public float Epsilon;

        public readonly void Execute(nint from, nint to, int worker)
        {
            switch (Operation)
            {
                case RowOperation.Embedding:
                    Kernels.Embedding.Forward(X, Positions, Y, Columns, from, to);
                    break;
                case RowOperation.RmsNorm:
                    Kernels.RmsNorm.Forward(Width, X, Weight, Y, Rstd, Columns, Epsilon, from, to, Residual);
                    break;
                case RowOperation.RmsNormGradient:
                    Kernels.RmsNorm.BackwardInput(Width, Gradient, X, Weight, Rstd, Y, Columns, from, to);
                    break;
                case RowOperation.LayerNorm:
                    Kernels.LayerNorm.Forward(Width, X, Y, Mean, Rstd, Columns, Epsilon, from, to);
                    break;
                case RowOperation.LayerNormGradient:
                    Kernels.LayerNorm.Backward(Width, Gradient, X, Mean, Rstd, Y, Columns, from, to);
                    break;
                case RowOperation.Rope:
                    Kernels.Rope.Apply(Width, X, Y, Columns, Positions, Mean, Rstd, Columns / HeadWidth, HeadWidth, from, to);
                    break;
                default:
                    Kernels.Rope.ApplyInverse(Width, X, Y, Columns, Positions, Mean, Rstd, Columns / HeadWidth, HeadWidth, from, to);
                    break;
            }
        }
    }

    // Gradients that are sums over rows: workers own columns, so that every chain is one thread's.
    private struct ColumnJob : IRangeJob
    {
        public SimdWidth Width;
        public float* Gradient;
        public float* X;
        public float* Rstd;
        public int* Ids;
        public float* Target;
        public nint Rows;
        public nint Columns;

        public readonly void Execute(nint from, nint to, int worker)
        {
            nint start = from * ColumnBlock;
            nint end = Math.Min(to * ColumnBlock, Columns);
            if (Ids != null)
            {
                Kernels.Embedding.Backward(Width, Ids, Gradient, Target, Rows, Columns, start, end);
            }
            else
            {
                Kernels.RmsNorm.BackwardWeight(Width, Gradient, X, Rstd, Target, Rows, Columns, start, end);
            }
        }
    }

    private struct RopeTableJob : IRangeJob
    {
        public float* Cos;
        public float* Sin;
        public float[] Frequencies;
        public float Magnitude;

        public readonly void Execute(nint from, nint to, int worker) => Kernels.RopeTable.Fill(Cos, Sin, Frequencies, Magnitude, from, to);
    }
}

using Olmo.Model.Compute;
using Olmo.Model.Kernels;
using Olmo.Model.Tensors;
using static Olmo.Model.Tensors.OperandChecks;

namespace Olmo.Model.Cpu;

public sealed unsafe partial class CpuProvider
{
    /// <inheritdoc/>
    public void Linear(in Tensor x, in Tensor weight, in Tensor y, bool accumulate = false)
    {
        nint rows = (nint)x.Shape.Rows;
        nint depth = (nint)x.Shape.Columns;
        nint columns = (nint)weight.Shape.Rows;
        Require(weight.Shape.Columns == depth, "linear layer", x, weight);
        Require(y.Shape.Rows == rows && y.Shape.Columns == columns, "linear layer", x, y);
        if (weight.Buffer.IsPacked)
        {
            Gemm.NtPacked(_pool, _width, _gemm, rows, columns, depth, Floats(x), depth, PackedAddress(weight), weight.DType == DType.BF16, Floats(y), columns, accumulate);
            return;
        }

        Gemm.Nt(_pool, _width, _gemm, rows, columns, depth, Floats(x), depth, Floats(weight.AsStored()), depth, Floats(y), columns, accumulate, weight.IsSeenAsBFloat16);
    }

    /// <inheritdoc/>
    public void LinearInputGradient(in Tensor dy, in Tensor weight, in Tensor dx, bool accumulate = false)
    {
        nint rows = (nint)dy.Shape.Rows;
        nint depth = (nint)dy.Shape.Columns;
        nint columns = (nint)weight.Shape.Columns;
        Require(weight.Shape.Rows == depth, "linear layer's input gradient", dy, weight);
        Require(dx.Shape.Rows == rows && dx.Shape.Columns == columns, "linear layer's input gradient", dy, dx);
        Gemm.Nn(_pool, _width, _gemm, rows, columns, depth, Floats(dy), depth, Floats(weight.AsStored()), columns, Floats(dx), columns, accumulate, weight.IsSeenAsBFloat16);
    }

    /// <inheritdoc/>
    public void LinearWeightGradient(in Tensor dy, in Tensor x, in Tensor weightGradient, bool accumulate)
    {
        nint depth = (nint)dy.Shape.Rows;
        nint rows = (nint)dy.Shape.Columns;
        nint columns = (nint)x.Shape.Columns;
        Require(x.Shape.Rows == depth, "linear layer's weight gradient", dy, x);
        Require(weightGradient.Shape.Rows == rows && weightGradient.Shape.Columns == columns, "linear layer's weight gradient", dy, weightGradient);
        Gemm.Tn(_pool, _width, _gemm, rows, columns, depth, Floats(dy), rows, Floats(x), columns, Floats(weightGradient), columns, accumulate);
    }

    /// <inheritdoc/>
    public void LossHead(in LossHeadPass pass)
    {
        nint rows = (nint)pass.Input.Shape.Rows;
        nint width = (nint)pass.Input.Shape.Columns;
        nint vocabulary = (nint)pass.Weight.Shape.Rows;
        nint tile = (nint)pass.Logits.Shape.Rows;
        bool backward = RequireLossHead(pass);
        float* input = Floats(pass.Input);
        float* weight = Floats(pass.Weight.AsStored());
        bool rounds = pass.Weight.IsSeenAsBFloat16;
        float* logits = Floats(pass.Logits);
        for (nint start = 0; start < rows; start += tile)
        {
            nint count = Math.Min(tile, rows - start);
            Gemm.Nt(_pool, _width, _gemm, count, vocabulary, width, input + (start * width), width, weight, width, logits, vocabulary, false, rounds);
            LossJob job = new() { Width = _width, Rows = RowsOf(pass, logits, vocabulary, start), Backward = backward };
            _pool.Run(ref job, count, Grain(vocabulary));
            if (backward)
            {
                float* dx = Floats(pass.InputGradient) + (start * width);
                Gemm.Nn(_pool, _width, _gemm, count, width, vocabulary, logits, vocabulary, weight, width, dx, width, false, rounds);
                Gemm.Tn(
                    _pool, _width, _gemm, vocabulary, width, count, logits, vocabulary, input + (start * width), width, Floats(pass.WeightGradient), width, pass.Accumulate || start > 0);
            }
        }
    }

    private static LossRows RowsOf(in LossHeadPass pass, float* logits, nint vocabulary, nint start) => new()
    {
        Logits = logits,
        RowStride = vocabulary,
        Vocabulary = vocabulary,
        Labels = Integers(pass.Labels) + start,
        Weights = pass.Weights.IsNone ? null : Floats(pass.Weights) + start,
        InverseDivisor = (float)(1.0 / pass.Divisor),
        ZMultiplier = (float)pass.ZMultiplier,
        CrossEntropy = Floats(pass.CrossEntropy) + start,
        ZLoss = Floats(pass.ZLoss) + start,
        LogProbability = pass.LogProbability.IsNone ? null : Floats(pass.LogProbability) + start,
    };

    private struct LossJob : IRangeJob
    {
        public SimdWidth Width;
        public LossRows Rows;
        public bool Backward;

        public readonly void Execute(nint from, nint to, int worker)
        {
            if (Backward)
            {
                SoftmaxCrossEntropy.ForwardBackward(Width, Rows, from, to);
            }
            else
            {
                SoftmaxCrossEntropy.Forward(Width, Rows, from, to);
            }
        }
    }
}

using Olmo.Model.Tensors;
using static Olmo.Model.Tensors.OperandChecks;

namespace Olmo.Model.Cuda;

/// <content>The fused final linear layer with its loss, tile of tokens by tile. Gradients of logits lie in the logits' place, as bf16 where activations are.</content>
public sealed unsafe partial class CudaProvider
{
    private const int LossThreads = 512;

    /// <inheritdoc/>
    public void LossHead(in LossHeadPass pass)
    {
        bool backward = RequireLossHead(pass);
        int width = (int)pass.Input.Shape.Columns;
        int vocabulary = (int)pass.Weight.Shape.Rows;
        bool isHalf = IsHalf(pass.Input);
        Require(!isHalf || IsHalf(pass.Weight), "loss head", pass.Input, pass.Weight);
        DType type = isHalf ? DType.BF16 : DType.F32;
        Require(!backward || pass.InputGradient.DType == DType.F32 || pass.InputGradient.DType == type, "loss head", pass.Input, backward ? pass.InputGradient : pass.Input);
        long converted = ConvertedBytes(pass.Weight, isHalf);
        ulong weight = Factor(pass.Weight, isHalf, converted > 0 ? Scratch(converted) : 0);
        ulong logits = Address(pass.Logits, DType.F32);
        string kernel = backward ? $"loss/forward_backward_{Ending(pass.Input)}" : "loss/forward";
        // Elements of the gradient's type from one row of logits to the next.
        long stride = vocabulary * (sizeof(float) / type.SizeBytes());
        long rows = pass.Input.Shape.Rows;
        long tile = pass.Logits.Shape.Rows;
        for (long start = 0; start < rows; start += tile)
        {
            int count = (int)Math.Min(tile, rows - start);
            ulong input = Address(pass.Input.RowRange(start, count));
            Multiply(new Product(ProductKind.Forward, count, width, vocabulary, type, DType.F32, false), input, weight, logits);
            Launch(
                kernel, count, LossThreads, 0,
                logits, Rows(pass.Labels, DType.I32, start), Rows(pass.Weights, DType.F32, start), Rows(pass.CrossEntropy, DType.F32, start), Rows(pass.ZLoss, DType.F32, start),
                Rows(pass.LogProbability, DType.F32, start), vocabulary, (float)pass.ZMultiplier, (float)(1.0 / pass.Divisor));
            if (backward)
            {
                Product dx = new(ProductKind.InputGradient, count, width, vocabulary, type, pass.InputGradient.DType, false) { LeftStride = stride };
                Multiply(dx, logits, weight, Address(pass.InputGradient.RowRange(start, count)));
                Product dw = new(ProductKind.WeightGradient, count, width, vocabulary, type, DType.F32, pass.Accumulate || start > 0) { LeftStride = stride };
                Multiply(dw, logits, input, Address(pass.WeightGradient, DType.F32));
            }
        }
        Changed(pass.CrossEntropy);
        Changed(pass.ZLoss);
        Changed(pass.LogProbability);
        Changed(pass.InputGradient);
        Changed(pass.WeightGradient);
        Changed(pass.Logits);
    }

    // Address of a value per row from one row on; 0 for none.
    private static ulong Rows(in Tensor values, DType type, long start) => values.IsNone ? 0 : Address(values, type) + (ulong)(start * type.SizeBytes());
}

using Olmo.Model.Tensors;
using static Olmo.Model.Tensors.OperandChecks;

namespace Olmo.Model.Cuda;

/// <content>Linear layers: products by cuBLASLt with fp32 sums.</content>
/// <remarks>
/// Activations and their gradients are F32 or BF16. Where both factors are BF16 the product's are; else it is one of fp32 numbers, to which BF16 factors are widened first: the meaning
/// of the CPU provider.
/// </remarks>
public sealed unsafe partial class CudaProvider
{
    /// <inheritdoc/>
    public void Linear(in Tensor x, in Tensor weight, in Tensor y, bool accumulate = false)
    {
        Require(weight.Shape.Columns == x.Shape.Columns, "linear layer", x, weight);
        Require(y.Shape.Rows == x.Shape.Rows && y.Shape.Columns == weight.Shape.Rows, "linear layer", x, y);
        Multiply(ProductKind.Forward, (x.Shape.Rows, weight.Shape.Columns, weight.Shape.Rows), x, weight, y, accumulate);
    }

    /// <inheritdoc/>
    public void LinearInputGradient(in Tensor dy, in Tensor weight, in Tensor dx, bool accumulate = false)
    {
        Require(weight.Shape.Rows == dy.Shape.Columns, "linear layer's input gradient", dy, weight);
        Require(dx.Shape.Rows == dy.Shape.Rows && dx.Shape.Columns == weight.Shape.Columns, "linear layer's input gradient", dy, dx);
        Multiply(ProductKind.InputGradient, (dy.Shape.Rows, weight.Shape.Columns, weight.Shape.Rows), dy, weight, dx, accumulate);
    }

    /// <inheritdoc/>
    public void LinearWeightGradient(in Tensor dy, in Tensor x, in Tensor weightGradient, bool accumulate)
    {
        Require(x.Shape.Rows == dy.Shape.Rows, "linear layer's weight gradient", dy, x);
        Require(
            weightGradient.Shape.Rows == dy.Shape.Columns && weightGradient.Shape.Columns == x.Shape.Columns, "linear layer's weight gradient", dy, weightGradient);
        Multiply(ProductKind.WeightGradient, (dy.Shape.Rows, x.Shape.Columns, dy.Shape.Columns), dy, x, weightGradient, accumulate);
    }

    /// <summary>Puts a product of matrices of the right types in line; see <see cref="Product"/>. It uses no <see cref="Scratch"/>.</summary>
    private void Multiply(in Product product, ulong left, ulong right, ulong result)
    {
        (long rows, long columns) = product.Result;
        if (rows == 0 || columns == 0)
        {
            return;
        }

        Enter();
        if (product.Depth > 0)
        {
            _products.Multiply(product, left, right, result);
        }
        else if (!product.Accumulate)
        {
            long stride = product.ResultStride == 0 ? columns : product.ResultStride;
            for (long row = 0; row < (stride == columns ? 1 : rows); row++)
            {
                long elements = stride == columns ? rows * columns : columns;
                _device.Driver.Set(result + (ulong)(row * stride * product.OutputType.SizeBytes()), 0, elements * product.OutputType.SizeBytes(), _device.Stream);
            }
        }
    }

    private void Multiply(ProductKind kind, (long Rows, long Inputs, long Outputs) sizes, in Tensor left, in Tensor right, in Tensor result, bool accumulate)
    {
        bool isHalf = IsHalf(left) && IsHalf(right);
        bool isNarrowed = !isHalf && result.DType == DType.BF16;
        long leftBytes = ConvertedBytes(left, isHalf);
        long rightBytes = ConvertedBytes(right, isHalf);
        long resultBytes = isNarrowed ? AlignedBytes(result.Count * sizeof(float)) : 0;
        ulong scratch = leftBytes + rightBytes + resultBytes > 0 ? Scratch(leftBytes + rightBytes + resultBytes) : 0;
        ulong leftAddress = Factor(left, isHalf, scratch);
        ulong rightAddress = Factor(right, isHalf, scratch + (ulong)leftBytes);
        _ = Ending(result);
        ulong target = Address(result);
        ulong product = isNarrowed ? scratch + (ulong)(leftBytes + rightBytes) : target;
        if (isNarrowed && accumulate)
        {
            Widen(target, product, result.Count);
        }

        DType type = isHalf ? DType.BF16 : DType.F32;
        Multiply(new Product(kind, sizes.Rows, sizes.Inputs, sizes.Outputs, type, isNarrowed ? DType.F32 : result.DType, accumulate), leftAddress, rightAddress, product);
        if (isNarrowed)
        {
            Round(product, 0, target, result.Count);
        }

        Changed(result);
    }

    // A factor in the type of the product, converted into scratch memory where it has another one.
    private ulong Factor(in Tensor tensor, bool isHalf, ulong scratch)
    {
        if (tensor.IsSeenAsBFloat16)
        {
            if (isHalf)
            {
                return Rounded(tensor);
            }

            Round(Address(tensor.AsStored(), DType.F32), scratch, 0, tensor.Count);
            return scratch;
        }

        _ = Ending(tensor);
        ulong address = AnyAddress(tensor);
        if (isHalf || tensor.DType == DType.F32)
        {
            return address;
        }

        Widen(address, scratch, tensor.Count);
        return scratch;
    }

    private static long ConvertedBytes(in Tensor tensor, bool isHalf) => !isHalf && IsHalf(tensor) ? AlignedBytes(tensor.Count * sizeof(float)) : 0;

    private static bool IsHalf(in Tensor tensor) => tensor.IsSeenAsBFloat16 || tensor.DType == DType.BF16;

    private static long AlignedBytes(long bytes) => (bytes + 255) & ~255L;
}

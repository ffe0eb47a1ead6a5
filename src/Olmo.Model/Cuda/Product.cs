using Olmo.Model.Tensors;

namespace Olmo.Model.Cuda;

/// <summary>A product of row-major matrices, result (+)= left right, as <see cref="ProductKind"/> says; sums are fp32.</summary>
/// <param name="Kind">Which of the three.</param>
/// <param name="Rows">Tokens.</param>
/// <param name="Inputs">Width of x.</param>
/// <param name="Outputs">Width of y.</param>
/// <param name="InputType">F32 or BF16, of both factors.</param>
/// <param name="OutputType">F32 or BF16 of the result; F32 where the factors are.</param>
/// <param name="Accumulate">True: the product is added to what the result holds.</param>
internal readonly record struct Product(ProductKind Kind, long Rows, long Inputs, long Outputs, DType InputType, DType OutputType, bool Accumulate)
{
    /// <summary>Elements from one row of the left factor (x, dy, dy) to the next; 0: they lie close.</summary>
    public long LeftStride { get; init; }

    /// <summary>Elements from one row of the right factor (W, W, x) to the next; 0: they lie close.</summary>
    public long RightStride { get; init; }

    /// <summary>Elements from one row of the result (y, dx, dW) to the next; 0: they lie close.</summary>
    public long ResultStride { get; init; }

    /// <summary>Length of the axis that is summed over.</summary>
    public long Depth => Kind switch { ProductKind.Forward => Inputs, ProductKind.InputGradient => Outputs, _ => Rows };

    /// <summary>Rows and columns of the result.</summary>
    public (long Rows, long Columns) Result => Kind switch
    {
        ProductKind.Forward => (Rows, Outputs),
        ProductKind.InputGradient => (Rows, Inputs),
        _ => (Outputs, Inputs),
    };
}

namespace Olmo.Model.Cuda;

/// <summary>The three products of a linear layer.</summary>
internal enum ProductKind
{
    /// <summary>y [rows, outputs] = x [rows, inputs] W [outputs, inputs]ᵀ</summary>
    Forward,

    /// <summary>dx [rows, inputs] = dy [rows, outputs] W [outputs, inputs]</summary>
    InputGradient,

    /// <summary>dW [outputs, inputs] = dy [rows, outputs]ᵀ x [rows, inputs]</summary>
    WeightGradient,
}

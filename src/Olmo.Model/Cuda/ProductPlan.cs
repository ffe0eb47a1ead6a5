using Olmo.Model.Cuda.Interop;
using Olmo.Model.Tensors;

namespace Olmo.Model.Cuda;

/// <summary>A product as cuBLASLt knows it, with the algorithm that is kept for it.</summary>
/// <remarks>
/// A row-major matrix [n, k] is a column-major one of k rows and n columns, so the library is given the transposed product: A is our right factor, B our left one. With m, n, k
/// as the library has them: y: m = outputs, n = rows, k = inputs, A transposed; dx: m = inputs, n = rows, k = outputs; dW: m = inputs, n = outputs, k = rows, B transposed.
/// </remarks>
internal sealed class ProductPlan : IDisposable
{
    private readonly CublasLt _library;

    /// <summary>Asks the library for an algorithm.</summary>
    /// <exception cref="NotSupportedException">It has none.</exception>
    public ProductPlan(CublasLt library, nint handle, in Product product, (uint A, uint B, uint C) alignments, long workspaceBytes)
    {
        _library = library;
        Product = product;
        (long rows, long inputs, long outputs) = (product.Rows, product.Inputs, product.Outputs);
        MatmulElement factor = ElementOf(product.InputType);
        bool isWeights = product.Kind == ProductKind.WeightGradient;
        bool isForward = product.Kind == ProductKind.Forward;
        (long resultRows, long resultColumns) = product.Result;
        Description = library.CreateDescription(transposeA: isForward, transposeB: isWeights);
        LayoutA = library.CreateLayout(factor, inputs, isWeights ? rows : outputs, Or(product.RightStride, inputs));
        LayoutB = library.CreateLayout(factor, isForward ? inputs : outputs, rows, Or(product.LeftStride, isForward ? inputs : outputs));
        LayoutC = library.CreateLayout(ElementOf(product.OutputType), resultColumns, resultRows, Or(product.ResultStride, resultColumns));
        if (!library.TryChoose(handle, Description, (LayoutA, LayoutB, LayoutC), alignments, workspaceBytes, out MatmulHeuristic heuristic))
        {
            Dispose();
            throw new NotSupportedException($"cuBLASLt has no algorithm for {product} with addresses that are multiples of {alignments}.");
        }

        Algorithm = heuristic.Algorithm;
    }

    /// <summary>What is multiplied.</summary>
    public Product Product { get; }

    /// <summary>The library's handles.</summary>
    public nint Description { get; }

    public nint LayoutA { get; }

    public nint LayoutB { get; }

    public nint LayoutC { get; }

    /// <summary>The algorithm.</summary>
    public MatmulAlgorithm Algorithm { get; }

    /// <summary>Product and algorithm, for logs.</summary>
    public override string ToString()
    {
        MatmulAlgorithm algorithm = Algorithm;
        int Part(MatmulAlgorithmAttribute attribute) => _library.Configuration(algorithm, attribute);
        return $"{Product.Kind} rows {Product.Rows} inputs {Product.Inputs} outputs {Product.Outputs}, {Product.InputType} to {Product.OutputType}{(Product.Accumulate ? ", added" : "")}: "
            + $"algorithm {Part(MatmulAlgorithmAttribute.Id)}, tile {Part(MatmulAlgorithmAttribute.Tile)}, stages {Part(MatmulAlgorithmAttribute.Stages)}, "
            + $"split {Part(MatmulAlgorithmAttribute.SplitK)}, reduction {(ReductionSchemes)Part(MatmulAlgorithmAttribute.ReductionScheme)}";
    }

    /// <summary>Frees the library's handles.</summary>
    public void Dispose()
    {
        _library.DestroyLayout(LayoutC);
        _library.DestroyLayout(LayoutB);
        _library.DestroyLayout(LayoutA);
        _library.DestroyDescription(Description);
    }

    private static long Or(long stride, long dense) => stride == 0 ? dense : stride;

    private static MatmulElement ElementOf(DType type) => type switch
    {
        DType.F32 => MatmulElement.Single,
        DType.BF16 => MatmulElement.BFloat16,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Products have F32 or BF16."),
    };
}

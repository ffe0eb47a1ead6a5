namespace Olmo.Model.Cuda.Interop;

/// <summary>How the parts of a product whose inner axis is split are added; the numbers are those of cublasLtReductionScheme_t.</summary>
[Flags]
internal enum ReductionSchemes
{
    /// <summary>The axis is not split; always allowed.</summary>
    None = 0,

    /// <summary>In the result itself, in the order in which parts happen to end: never allowed.</summary>
    InPlace = 1,

    /// <summary>In scratch memory, in a fixed order, in the type of the arithmetic.</summary>
    ComputeType = 2,

    /// <summary>As <see cref="ComputeType"/>, in the result's type.</summary>
    OutputType = 4,
}

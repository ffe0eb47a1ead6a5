namespace Olmo.Model.Cuda.Interop;

/// <summary>Types of the arithmetic; the numbers are those of cublasComputeType_t.</summary>
internal enum MatmulCompute
{
    /// <summary>fp32 sums; fp32 factors are not shortened to TF32.</summary>
    Single = 68,
}

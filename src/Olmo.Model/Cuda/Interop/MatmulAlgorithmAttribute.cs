namespace Olmo.Model.Cuda.Interop;

/// <summary>Parts of an algorithm's configuration; the numbers are those of cublasLtMatmulAlgoConfigAttributes_t.</summary>
internal enum MatmulAlgorithmAttribute
{
    Id = 0,
    Tile = 1,
    SplitK = 2,
    ReductionScheme = 3,
    Stages = 6,
}

namespace Olmo.Model.Cuda.Interop;

/// <summary>What limits the choice of an algorithm; the numbers are those of cublasLtMatmulPreferenceAttributes_t.</summary>
internal enum MatmulPreferenceAttribute
{
    MaxWorkspaceBytes = 1,
    ReductionSchemeMask = 3,
    MinAlignmentABytes = 5,
    MinAlignmentBBytes = 6,
    MinAlignmentCBytes = 7,
    MinAlignmentDBytes = 8,
}

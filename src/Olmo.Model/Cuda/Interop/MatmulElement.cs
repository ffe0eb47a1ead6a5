namespace Olmo.Model.Cuda.Interop;

/// <summary>Types of matrices; the numbers are those of cudaDataType.</summary>
internal enum MatmulElement
{
    Single = 0,
    BFloat16 = 14,
}

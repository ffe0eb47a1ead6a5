namespace Olmo.Model.Cuda.Interop;

/// <summary>Attributes of a product; the numbers are those of cublasLtMatmulDescAttributes_t.</summary>
internal enum MatmulDescriptionAttribute
{
    TransposeA = 3,
    TransposeB = 4,
}

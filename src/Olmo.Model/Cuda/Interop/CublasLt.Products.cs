namespace Olmo.Model.Cuda.Interop;

/// <content>What describes a product, and the product itself: D = A B + beta C.</content>
internal sealed unsafe partial class CublasLt
{
    /// <summary>A product in fp32 without TF32, its factors transposed or not.</summary>
    public nint CreateDescription(bool transposeA, bool transposeB)
    {
        nint description;
        Check(_descriptionCreate(&description, (int)MatmulCompute.Single, (int)MatmulElement.Single), "cublasLtMatmulDescCreate");
        int a = transposeA ? 1 : 0;
        int b = transposeB ? 1 : 0;
        Check(_descriptionSet(description, (int)MatmulDescriptionAttribute.TransposeA, &a, sizeof(int)), "cublasLtMatmulDescSetAttribute");
        Check(_descriptionSet(description, (int)MatmulDescriptionAttribute.TransposeB, &b, sizeof(int)), "cublasLtMatmulDescSetAttribute");
        return description;
    }

    public void DestroyDescription(nint description) => Check(_descriptionDestroy(description), "cublasLtMatmulDescDestroy");

    /// <summary>A matrix of so many rows and columns; <paramref name="stride"/> elements from one column to the next.</summary>
    public nint CreateLayout(MatmulElement element, long rows, long columns, long stride)
    {
        nint layout;
        Check(_layoutCreate(&layout, (int)element, (ulong)rows, (ulong)columns, stride), "cublasLtMatrixLayoutCreate");
        return layout;
    }

    public void DestroyLayout(nint layout) => Check(_layoutDestroy(layout), "cublasLtMatrixLayoutDestroy");

    /// <summary>The library's first choice of an algorithm that gives the same bits in every run: none adds into memory that others add into.</summary>
    /// <param name="handle">Handle of the library.</param>
    /// <param name="description">Of the product.</param>
    /// <param name="layouts">Of A, B, and of C and D.</param>
    /// <param name="alignments">Bytes that the addresses of A, B, and of C and D are multiples of.</param>
    /// <param name="workspaceBytes">Scratch memory that it may use.</param>
    /// <param name="heuristic">The choice.</param>
    /// <returns>False: there is none.</returns>
    public bool TryChoose(
        nint handle, nint description, (nint A, nint B, nint C) layouts, (uint A, uint B, uint C) alignments, long workspaceBytes, out MatmulHeuristic heuristic)
    {
        nint preference;
        Check(_preferenceCreate(&preference), "cublasLtMatmulPreferenceCreate");
        try
        {
            ulong workspace = (ulong)workspaceBytes;
            Prefer(preference, MatmulPreferenceAttribute.MaxWorkspaceBytes, &workspace, sizeof(ulong));
            uint schemes = (uint)(ReductionSchemes.ComputeType | ReductionSchemes.OutputType);
            Prefer(preference, MatmulPreferenceAttribute.ReductionSchemeMask, &schemes, sizeof(uint));
            Prefer(preference, MatmulPreferenceAttribute.MinAlignmentABytes, &alignments.A, sizeof(uint));
            Prefer(preference, MatmulPreferenceAttribute.MinAlignmentBBytes, &alignments.B, sizeof(uint));
            Prefer(preference, MatmulPreferenceAttribute.MinAlignmentCBytes, &alignments.C, sizeof(uint));
            Prefer(preference, MatmulPreferenceAttribute.MinAlignmentDBytes, &alignments.C, sizeof(uint));
            int found = 0;
            MatmulHeuristic first = default;
            int code = _getHeuristic(handle, description, layouts.A, layouts.B, layouts.C, layouts.C, preference, 1, &first, &found);
            heuristic = first;
            return code == 0 && found > 0 && first.State == 0;
        }
        finally
        {
            Check(_preferenceDestroy(preference), "cublasLtMatmulPreferenceDestroy");
        }
    }

    /// <summary>A number of an algorithm's configuration.</summary>
    public int Configuration(in MatmulAlgorithm algorithm, MatmulAlgorithmAttribute attribute)
    {
        int value = 0;
        nuint written;
        fixed (MatmulAlgorithm* p = &algorithm)
        {
            Check(_algorithmGet(p, (int)attribute, &value, sizeof(int), &written), "cublasLtMatmulAlgoConfigGetAttribute");
        }

        return value;
    }

    /// <summary>Puts a product in line.</summary>
    public void Multiply(nint handle, ProductPlan plan, ulong a, ulong b, ulong c, ulong workspace, long workspaceBytes, nint stream)
    {
        float alpha = 1f;
        float beta = plan.Product.Accumulate ? 1f : 0f;
        MatmulAlgorithm algorithm = plan.Algorithm;
        Check(
            _matmul(
                handle, plan.Description, &alpha, a, plan.LayoutA, b, plan.LayoutB, &beta, c, plan.LayoutC, c, plan.LayoutC, &algorithm, workspace, (nuint)workspaceBytes, stream),
            "cublasLtMatmul");
    }

    private void Prefer(nint preference, MatmulPreferenceAttribute attribute, void* value, int bytes) =>
        Check(_preferenceSet(preference, (int)attribute, value, (nuint)bytes), $"cublasLtMatmulPreferenceSetAttribute of {attribute}");
}

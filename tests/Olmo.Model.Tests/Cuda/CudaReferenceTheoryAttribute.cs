using Olmo.Tests;

namespace Olmo.Model.Tests.Cuda;

/// <summary>A theory that needs a CUDA device and the reference data; skipped, with the reason, where one of them is absent.</summary>
internal sealed class CudaReferenceTheoryAttribute : TheoryAttribute
{
    public CudaReferenceTheoryAttribute() => Skip = new CudaTheoryAttribute().Skip ?? new ReferenceTheoryAttribute().Skip;
}

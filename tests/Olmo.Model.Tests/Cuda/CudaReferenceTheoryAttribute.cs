using Olmo.Tests;

namespace Olmo.Model.Tests.Cuda;

/// <summary>A theory that needs a GPU and the reference data; skipped, with the reason, where one is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class CudaReferenceTheoryAttribute : TheoryAttribute
{
    public CudaReferenceTheoryAttribute() => Skip = new ReferenceTheoryAttribute().Skip ?? CudaDeviceProbe.Obstacle;
}

namespace Olmo.Model.Tests.Cuda;

/// <summary>A theory that needs a GPU; skipped, with the reason, where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class CudaTheoryAttribute : TheoryAttribute
{
    public CudaTheoryAttribute() => Skip = CudaDeviceProbe.Obstacle;
}

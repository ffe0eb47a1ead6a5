namespace Olmo.Model.Tests.Cuda;

/// <summary>A fact that needs a GPU; skipped, with the reason, where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class CudaFactAttribute : FactAttribute
{
    public CudaFactAttribute() => Skip = CudaDeviceProbe.Obstacle;
}

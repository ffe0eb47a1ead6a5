namespace Olmo.Host.Tests.Cuda;

/// <summary>A fact about machines without a CUDA device; skipped where there is one.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NoCudaFactAttribute : FactAttribute
{
    public NoCudaFactAttribute() => Skip = CudaFactAttribute.Obstacle() is null ? "There is a CUDA device." : null;
}

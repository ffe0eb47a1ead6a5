using Olmo.Model.Cuda;

namespace Olmo.Host.Tests.Cuda;

/// <summary>A fact that needs a CUDA device; skipped, with the reason, where none can be opened.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class CudaFactAttribute : FactAttribute
{
    public CudaFactAttribute() => Skip = Obstacle();

    /// <summary>Why no CUDA device can be opened; null: one can.</summary>
    public static string? Obstacle()
    {
        try
        {
            using CudaProvider provider = new();
            return null;
        }
        catch (Exception e) when (e is CudaNotAvailableException or CudaException)
        {
            return e.Message;
        }
    }
}

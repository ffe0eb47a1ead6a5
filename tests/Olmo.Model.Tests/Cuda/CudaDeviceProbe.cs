using Olmo.Model.Cuda;

namespace Olmo.Model.Tests.Cuda;

/// <summary>Whether tests have a GPU, asked once.</summary>
internal static class CudaDeviceProbe
{
    /// <summary>Why tests on a GPU are left out; null where there is one.</summary>
    public static string? Obstacle { get; } = Look();

    private static string? Look()
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

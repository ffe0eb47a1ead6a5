using Olmo.Actors.Ranks;
using Olmo.Host.Recipes;
using Olmo.Model.Cuda;
using Olmo.Model.Numerics;

namespace Olmo.Host.Runs;

/// <summary>What the ranks of a recipe compute on (<c>compute.device</c>), and the numerics id that follows from it.</summary>
internal static class RunDevice
{
    /// <summary>Makes the device of a rank; null: the processors.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="place">Place of the rank on this machine.</param>
    public static Func<IComputeDevice>? Of(Recipe recipe, int place) => recipe.Compute.IsCuda ? () => new GpuDevice(place) : null;

    /// <summary>
    /// The numerics id of a run on this machine. A GPU is asked and closed again: <c>olmo run</c> does this before anything else, and tells its children, as the coordinator needs no GPU and a run
    /// without one should end at once.
    /// </summary>
    /// <exception cref="UsageException">The recipe wants a GPU, and there is none that can be used.</exception>
    public static string NumericsIdOf(Recipe recipe)
    {
        if (!recipe.Compute.IsCuda)
        {
            return NumericsId.Current;
        }

        using GpuDevice device = Open(0);
        return IdOf(recipe, device);
    }

    /// <summary>Opens a rank's GPU for the life of its process, so that its engines share what the driver made for the first of them; null: the rank has none.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="place">Place of the rank on this machine.</param>
    /// <param name="numericsId">The run's numerics id: a world has one.</param>
    /// <exception cref="UsageException">The GPU cannot be used, or it has another numerics id.</exception>
    public static IDisposable? Hold(Recipe recipe, int place, string numericsId)
    {
        GpuDevice? device = recipe.Compute.IsCuda ? Open(place) : null;
        string own = device is null ? NumericsId.Current : IdOf(recipe, device);
        if (own == numericsId)
        {
            return device;
        }

        device?.Dispose();
        throw new UsageException($"compute.device = {(recipe.Compute.IsCuda ? "cuda" : "cpu")}: the device of place {place} has numerics id {own}, the run has {numericsId}; a world has one");
    }

    /// <summary>A name for files about the speed of a rank's device: letters, digits and '-'.</summary>
    public static string FileNameOf(Recipe recipe, TrainingPlan plan) =>
        recipe.Compute.IsCuda ? $"cuda-{(recipe.Compute.IsBFloat16 ? "bfloat16" : "float32")}" : $"{plan.Threads}-{plan.Width}";

    private static string IdOf(Recipe recipe, GpuDevice device) => device.NumericsIdOf(TrainingPlan.MicroBatchOf(recipe));

    /// <summary>Opens a GPU.</summary>
    /// <param name="place">Place on this machine.</param>
    /// <param name="wanted">The key or option, with its value, that asked for it.</param>
    /// <exception cref="UsageException">There is none that can be used.</exception>
    public static GpuDevice Open(int place, string wanted = "compute.device = cuda")
    {
        try
        {
            return new GpuDevice(place);
        }
        catch (Exception e) when (e is CudaNotAvailableException or CudaException or OutOfMemoryException)
        {
            throw new UsageException($"{wanted}: {e.Message}");
        }
    }
}

using System.Globalization;
using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Cuda;
using Olmo.Model.Tensors;

namespace Olmo.Gpu.Devices;

/// <summary>The device of a command, and how to wait for it.</summary>
internal sealed class ComputeDevice : IDisposable
{
    private readonly CudaProvider? _cuda;
    private readonly ComputePool? _pool;

    private ComputeDevice(ITensorProvider provider, CudaProvider? cuda, ComputePool? pool)
    {
        Provider = provider;
        _cuda = cuda;
        _pool = pool;
    }

    /// <summary>What computes.</summary>
    public ITensorProvider Provider { get; }

    /// <summary>Device and what decides its bits.</summary>
    public string Text => _cuda is null ? Provider.Device : $"{Provider.Device} ({_cuda.NumericsId})";

    /// <summary>Lines on the algorithms of its products; none where there is no choice.</summary>
    public IReadOnlyList<string> ProductAlgorithms => _cuda?.ProductAlgorithms ?? [];

    /// <summary>Memory in use on the device, by whomever, for a table.</summary>
    public string UsedText
    {
        get
        {
            long bytes = _cuda is null ? -1 : DeviceMemory.Used();
            return bytes < 0 ? "memory not counted" : string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.0} GiB in use");
        }
    }

    /// <summary>Opens the device that --device and --kernel-cache name.</summary>
    /// <exception cref="CudaNotAvailableException">There is none.</exception>
    public static ComputeDevice Open(CommandLine options)
    {
        string name = options.Text("device");
        string cache = options.Text("kernel-cache");
        int ordinal = 0;
        if (name == "cpu")
        {
            return OfProcessor();
        }

        if (name != "cuda" && !(name.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(name.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out ordinal)))
        {
            throw new FormatException($"--device takes cuda, cuda:N or cpu, not '{name}'");
        }

        CudaProvider cuda = new(ordinal, cache.Length == 0 ? null : cache);
        return new ComputeDevice(cuda, cuda, null);
    }

    /// <summary>The processor: the reference.</summary>
    public static ComputeDevice OfProcessor()
    {
        ComputePool pool = new(Environment.ProcessorCount);
        return new ComputeDevice(new CpuProvider(pool, SimdWidths.Best), null, pool);
    }

    /// <summary>Returns when everything asked for is done.</summary>
    public void Wait() => _cuda?.Synchronize();

    /// <inheritdoc/>
    public void Dispose()
    {
        Provider.Dispose();
        _pool?.Dispose();
    }
}

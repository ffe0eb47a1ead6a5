using System.Globalization;
using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Tensors;

namespace Olmo.Gpu.Devices;

/// <summary>The device of a command, and how to wait for it.</summary>
internal sealed class ComputeDevice : IDisposable
{
    private readonly IDisposable? _pool;
    private readonly BufferSet _memory;
    private readonly Tensor _waited;

    private ComputeDevice(ITensorProvider provider, IDisposable? pool, bool isCuda)
    {
        Provider = provider;
        IsCuda = isCuda;
        _pool = pool;
        BufferPlan plan = new();
        TensorSlot slot = plan.Add("waited for", DType.I32, new Shape(1));
        _memory = provider.Allocate(plan);
        _waited = _memory[slot];
    }

    /// <summary>What computes.</summary>
    public ITensorProvider Provider { get; }

    /// <summary>False: main memory and processor.</summary>
    public bool IsCuda { get; }

    /// <summary>Bytes in use on the device, by whomever; -1 where that is not known.</summary>
    public long UsedBytes => IsCuda ? DeviceMemory.Used() : -1;

    /// <summary><see cref="UsedBytes"/> for a table.</summary>
    public string UsedText => UsedBytes < 0 ? "memory not counted" : string.Create(CultureInfo.InvariantCulture, $"{UsedBytes / (double)(1L << 30):0.0} GiB in use");

    /// <summary>Opens the device that --device and --kernel-cache name.</summary>
    /// <exception cref="NoDeviceException">There is none.</exception>
    public static ComputeDevice Open(CommandLine options)
    {
        string name = options.Text("device");
        string cache = options.Text("kernel-cache");
        return name switch
        {
            "cpu" => OfProcessor(),
            _ when name.StartsWith("cuda", StringComparison.Ordinal) => OfCuda(name.Length > 5 ? int.Parse(name.AsSpan(5), CultureInfo.InvariantCulture) : 0, cache.Length == 0 ? null : cache),
            _ => throw new FormatException($"--device takes cuda, cuda:N or cpu, not '{name}'"),
        };
    }

    /// <summary>The processor: the reference.</summary>
    public static ComputeDevice OfProcessor()
    {
        ComputePool pool = new(Environment.ProcessorCount);
        return new ComputeDevice(new CpuProvider(pool, SimdWidths.Best), pool, isCuda: false);
    }

    /// <summary>Returns when everything asked for is done.</summary>
    public void Wait()
    {
        int value = 0;
        Provider.Read(_waited, new Span<int>(ref value));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _memory.Dispose();
        Provider.Dispose();
        _pool?.Dispose();
    }

    private static ComputeDevice OfCuda(int ordinal, string? kernelCache)
    {
        try
        {
            Type type = Type.GetType("Olmo.Model.Cuda.CudaProvider, Olmo.Model") ?? throw new PlatformNotSupportedException("this build has no CUDA provider");
            return new ComputeDevice((ITensorProvider)Activator.CreateInstance(type, ordinal, kernelCache)!, null, isCuda: true);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException or PlatformNotSupportedException)
        {
            throw new NoDeviceException($"no CUDA device: {e.Message}", e);
        }
    }
}

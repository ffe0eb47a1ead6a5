using System.Security.Cryptography;
using System.Text;
using Olmo.Model.Cuda.Interop;

namespace Olmo.Model.Cuda;

/// <summary>The kernels of one device. A file is compiled when one of its kernels is first wanted, or taken from the cache. Safe for several threads.</summary>
/// <param name="device">The GPU.</param>
/// <param name="compiler">CUDA's compiler.</param>
/// <param name="cache">Where compiled files are kept.</param>
internal sealed class CudaKernels(CudaDevice device, Nvrtc compiler, KernelCache cache) : IDisposable
{
    // More dynamic shared memory than this must be asked for.
    private const int FreeSharedBytes = 48 << 10;

    // Files whose results must have the bits of the written operations: products and sums are not fused.
    private static readonly string[] Exact = ["steps"];

    private readonly Lock _gate = new();
    private readonly Dictionary<string, nint> _modules = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Kernel> _kernels = new(StringComparer.Ordinal);

    /// <summary>What decides the kernels' bits: a hash of all files, of the options and of the compiler's version, as 16 hexadecimal digits.</summary>
    public string Id { get; } = Digest($"{KernelSources.Hash()} {compiler.Version} {string.Join(' ', Options(device, ""))} exact {string.Join(' ', Exact)}")[..16];

    /// <summary>A kernel, ready to be launched.</summary>
    /// <param name="kernel">"file/function".</param>
    /// <param name="sharedBytes">Dynamic shared memory that it will be launched with.</param>
    /// <exception cref="CudaException">It does not compile, or there is no such function.</exception>
    public nint Find(string kernel, int sharedBytes)
    {
        lock (_gate)
        {
            if (!_kernels.TryGetValue(kernel, out Kernel? found))
            {
                found = new Kernel(Load(kernel));
                _kernels.Add(kernel, found);
            }

            if (sharedBytes > FreeSharedBytes && sharedBytes > found.SharedBytes)
            {
                if (sharedBytes > device.MaxSharedBytes)
                {
                    throw new ArgumentOutOfRangeException(
                        nameof(sharedBytes), sharedBytes, $"The kernel '{kernel}' needs more shared memory than a block of {device.Name} has, {device.MaxSharedBytes} bytes.");
                }

                device.Driver.AllowSharedBytes(found.Function, sharedBytes);
                found.SharedBytes = sharedBytes;
            }

            return found.Function;
        }
    }

    /// <summary>Unloads the files; the device's context must be current.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            foreach (nint module in _modules.Values)
            {
                device.Driver.UnloadModule(module);
            }

            _modules.Clear();
            _kernels.Clear();
        }
    }

    private nint Load(string kernel)
    {
        int slash = kernel.IndexOf('/', StringComparison.Ordinal);
        string file = kernel[..slash];
        if (!_modules.TryGetValue(file, out nint module))
        {
            module = LoadFile(file);
            _modules.Add(file, module);
        }

        return device.Driver.Function(module, kernel[(slash + 1)..]);
    }

    private nint LoadFile(string file)
    {
        string program = KernelSources.Program(file);
        string[] options = Options(device, file);
        string key = Digest($"{compiler.Version}\n{string.Join('\n', options)}\n{program}");
        byte[]? kept = cache.Find(key);
        if (kept is not null)
        {
            try
            {
                return device.Driver.LoadModule(kept);
            }
            catch (CudaException)
            {
                // It is whole, but not for this driver: it is compiled anew.
            }
        }

        byte[] code = compiler.Compile($"{file}.cu", program, options);
        nint module = device.Driver.LoadModule(code);
        cache.Keep(key, code);
        return module;
    }

    private static string[] Options(CudaDevice device, string file) =>
    [
        // Instructions of one architecture only ("a") exist from 9.0 on.
        $"--gpu-architecture=sm_{device.ComputeCapability}{(device.ComputeCapability == 90 ? "a" : "")}",
        "--std=c++17",
        $"--fmad={(Exact.Contains(file, StringComparer.Ordinal) ? "false" : "true")}",
        "-default-device",
    ];

    private static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private sealed class Kernel(nint function)
    {
        public nint Function { get; } = function;

        public int SharedBytes { get; set; }
    }
}

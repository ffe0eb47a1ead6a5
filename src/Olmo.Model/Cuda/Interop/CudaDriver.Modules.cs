using System.Text;

namespace Olmo.Model.Cuda.Interop;

/// <content>Compiled kernels and their launch.</content>
internal sealed unsafe partial class CudaDriver
{
    private const int MaxDynamicSharedBytes = 8;

    private delegate* unmanaged<nint*, void*, int> _moduleLoadData;
    private delegate* unmanaged<nint, int> _moduleUnload;
    private delegate* unmanaged<nint*, nint, byte*, int> _moduleGetFunction;
    private delegate* unmanaged<nint, int, int, int> _functionSetAttribute;
    private delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, void**, void**, int> _launchKernel;

    /// <summary>Loads machine code into the current context.</summary>
    public nint LoadModule(ReadOnlySpan<byte> code)
    {
        nint module;
        fixed (byte* p = code)
        {
            Check(_moduleLoadData(&module, p), "cuModuleLoadData");
        }

        return module;
    }

    public void UnloadModule(nint module) => Check(_moduleUnload(module), "cuModuleUnload");

    public nint Function(nint module, string name)
    {
        nint function;
        fixed (byte* p = Encoding.UTF8.GetBytes(name + '\0'))
        {
            Check(_moduleGetFunction(&function, module, p), $"cuModuleGetFunction of '{name}'");
        }

        return function;
    }

    /// <summary>Lets a kernel be launched with up to so many bytes of dynamic shared memory; needed above 48 KiB.</summary>
    public void AllowSharedBytes(nint function, int bytes) => Check(_functionSetAttribute(function, MaxDynamicSharedBytes, bytes), "cuFuncSetAttribute");

    /// <summary>Puts a kernel in line.</summary>
    /// <param name="name">Name of the kernel, for messages.</param>
    /// <param name="function">The kernel.</param>
    /// <param name="grid">Blocks.</param>
    /// <param name="threads">Threads of a block.</param>
    /// <param name="sharedBytes">Dynamic shared memory of a block.</param>
    /// <param name="stream">Where it is put.</param>
    /// <param name="arguments">As many as the kernel has parameters; read before this returns.</param>
    public void Launch(string name, nint function, in KernelGrid grid, int threads, int sharedBytes, nint stream, ReadOnlySpan<KernelArgument> arguments)
    {
        void** addresses = stackalloc void*[Math.Max(arguments.Length, 1)];
        fixed (KernelArgument* first = arguments)
        {
            for (int i = 0; i < arguments.Length; i++)
            {
                addresses[i] = first + i;
            }

            int code = _launchKernel(function, (uint)grid.X, (uint)grid.Y, (uint)grid.Z, (uint)threads, 1, 1, (uint)sharedBytes, stream, addresses, null);
            if (code != 0)
            {
                throw Failure(code, $"cuLaunchKernel of '{name}' ({grid.X} x {grid.Y} x {grid.Z} blocks of {threads} threads, {sharedBytes} bytes of shared memory)");
            }
        }
    }

    private void LoadModules(LoadedLibrary library)
    {
        _moduleLoadData = (delegate* unmanaged<nint*, void*, int>)library.Function("cuModuleLoadData");
        _moduleUnload = (delegate* unmanaged<nint, int>)library.Function("cuModuleUnload");
        _moduleGetFunction = (delegate* unmanaged<nint*, nint, byte*, int>)library.Function("cuModuleGetFunction");
        _functionSetAttribute = (delegate* unmanaged<nint, int, int, int>)library.Function("cuFuncSetAttribute");
        _launchKernel = (delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, void**, void**, int>)library.Function("cuLaunchKernel");
    }
}

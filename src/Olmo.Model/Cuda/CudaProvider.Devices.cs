using Olmo.Model.Cuda.Interop;
using Olmo.Model.Tensors;

namespace Olmo.Model.Cuda;

/// <content>The GPUs of this machine.</content>
public sealed unsafe partial class CudaProvider
{
    /// <summary>What every GPU has in common.</summary>
    public static DeviceTraits Traits { get; } = new([DType.F32, DType.BF16], 4096);

    /// <summary>GPUs that this process may see.</summary>
    /// <exception cref="CudaNotAvailableException">A library is missing, or the driver does not work; the message says which, and where it was looked for.</exception>
    public static int DeviceCount() => CudaLibraries.Load(NativeLibraries.OfThisMachine()).Driver.DeviceCount();
}

using System.Runtime.Intrinsics.X86;

namespace Olmo.Model.Compute;

/// <summary>Which <see cref="SimdWidth"/>s this process can run.</summary>
public static class SimdWidths
{
    /// <summary>The widest that this processor and the runtime's settings allow.</summary>
    public static SimdWidth Best =>
        IsSupported(SimdWidth.Avx512) ? SimdWidth.Avx512 : IsSupported(SimdWidth.Avx2) ? SimdWidth.Avx2 : SimdWidth.Scalar;

    /// <summary>True if kernels may be called with <paramref name="width"/> here.</summary>
    public static bool IsSupported(SimdWidth width) => width switch
    {
        SimdWidth.Scalar => true,
        SimdWidth.Avx2 => Avx2.IsSupported && Fma.IsSupported,
        SimdWidth.Avx512 => Avx512F.IsSupported && Avx512BW.IsSupported && Avx512DQ.IsSupported && Avx512F.VL.IsSupported && Avx2.IsSupported && Fma.IsSupported,
        _ => throw new ArgumentOutOfRangeException(nameof(width), width, "Unknown SIMD width."),
    };

    /// <summary>Throws unless kernels may be called with <paramref name="width"/> here.</summary>
    /// <exception cref="PlatformNotSupportedException">The processor, or a DOTNET_Enable… setting, lacks it.</exception>
    public static void ThrowIfUnsupported(SimdWidth width)
    {
        if (!IsSupported(width))
        {
            throw new PlatformNotSupportedException($"SIMD width {width} was asked for; the widest that this process can run is {Best}.");
        }
    }
}

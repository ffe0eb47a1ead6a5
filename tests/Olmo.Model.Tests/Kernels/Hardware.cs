using System.Runtime.Intrinsics.X86;
using Olmo.Model.Compute;

namespace Olmo.Model.Tests.Kernels;

/// <summary>What this process can run.</summary>
internal static class Hardware
{
    public static bool Runs(SimdWidth width) => width switch
    {
        SimdWidth.Scalar => true,
        SimdWidth.Avx2 => Avx2.IsSupported && Fma.IsSupported,
        SimdWidth.Avx512 => Avx512F.IsSupported && Avx512DQ.IsSupported && Avx512BW.IsSupported,
        _ => throw new ArgumentOutOfRangeException(nameof(width), width, "Unknown width."),
    };
}

using Olmo.Model.Numerics;

namespace Olmo.Model.Kernels;

internal static unsafe partial class SumDigest
{
    public static ulong OfReference(long* x, ulong firstIndex, nint count)
    {
        ulong digest = 0;
        for (nint i = 0; i < count; i++)
        {
            digest += (ulong)x[i] * LinearDigest.Factor(firstIndex + (ulong)i);
        }

        return digest;
    }
}

using Olmo.Model.Compute;

namespace Olmo.Model.Kernels;

/// <summary>Sums of two tensors, element by element.</summary>
internal static unsafe partial class Residual
{
    /// <summary>y[i] = a[i] + b[i] for elements from..to. y may be a or b.</summary>
    public static void Add(SimdWidth width, float* a, float* b, float* y, nint from, nint to) => AddReference(a, b, y, from, to);
}

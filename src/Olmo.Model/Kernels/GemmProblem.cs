using System.Diagnostics;
using Olmo.Model.Compute;

namespace Olmo.Model.Kernels;

/// <summary>
/// C [M, N] (+)= A [M, K] · B [K, N], fp32. An operand is depth-major if consecutive elements of memory belong to one k (a row of memory is a k), else
/// k runs along its rows of memory. B may also be a weight in packed panels.
/// </summary>
internal unsafe struct GemmProblem
{
    public SimdWidth Width;
    public nint M;
    public nint N;
    public nint K;
    public float* A;
    public nint StrideA;
    public bool DepthMajorA;
    public float* B;
    public nint StrideB;
    public bool DepthMajorB;
    public int LanesB; // of packed panels; 0: rows
    public bool IsHalfB; // the panels are bf16
    public bool RoundsB; // rows of memory whose values are rounded to bf16 as they are packed
    public float* C;
    public nint StrideC;
    public bool Accumulate;

    /// <summary>Address of A's element (i, p).</summary>
    public readonly float* AddressA(nint i, nint p) => DepthMajorA ? A + (p * StrideA) + i : A + (i * StrideA) + p;

    /// <summary>True if B's panels are read where they are.</summary>
    public readonly bool IsInPlaceB => LanesB > 0 && !IsHalfB;

    /// <summary>Address of B's element (p, j); not of bf16.</summary>
    public readonly float* AddressB(nint p, nint j) =>
        LanesB > 0 ? B + PackedAt(p, j) + (j % LanesB) : DepthMajorB ? B + (p * StrideB) + j : B + (j * StrideB) + p;

    /// <summary>Address of all lanes at depth p of the panel of column j, in bf16.</summary>
    public readonly ushort* LanesOfB(nint p, nint j) => (ushort*)B + PackedAt(p, j);

    /// <summary>Checks sizes and strides.</summary>
    public readonly void Verify()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(M, "m");
        ArgumentOutOfRangeException.ThrowIfNegative(N, "n");
        ArgumentOutOfRangeException.ThrowIfNegative(K, "k");
        ArgumentOutOfRangeException.ThrowIfLessThan(StrideA, DepthMajorA ? M : K, "lda");
        ArgumentOutOfRangeException.ThrowIfLessThan(StrideB, DepthMajorB ? N : K, "ldb");
        ArgumentOutOfRangeException.ThrowIfLessThan(StrideC, N, "ldc");
        SimdWidths.ThrowIfUnsupported(Width);
        Debug.Assert(LanesB == 0 || (!DepthMajorB && LanesB == PackedPanels.Lanes(Width)), "panels are as wide as the width's tile");
        Debug.Assert(LanesB == 0 || !RoundsB, "what lies in panels has been rounded");
        Debug.Assert(M == 0 || N == 0 || C != null, "C has elements");
    }

    private readonly nint PackedAt(nint p, nint j) => (((j / LanesB) * K) + p) * LanesB;
}

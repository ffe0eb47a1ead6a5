using Olmo.Model.Compute;

namespace Olmo.Model.Kernels;

/// <summary>
/// Matrix multiplications in fp32, row-major, leading dimensions in elements, C (+)= op(A) · op(B). C must not overlap A or B.
/// <para>
/// Numerics: each element of C is one chain of fused multiply-adds, k ascending, that starts from the value in C (accumulate) or from +0. So blocking, packing,
/// vector width and threads cannot change a bit, and neither can cutting k into successive accumulating calls.
/// </para>
/// <para>
/// Errors, in this order, for every method: <see cref="ArgumentNullException"/> for a null pool or workspace; <see cref="ArgumentOutOfRangeException"/> for a negative size, a leading
/// dimension shorter than its row, or a workspace for fewer workers than needed; <see cref="PlatformNotSupportedException"/> for a width that this process cannot run.
/// Nothing is allocated.
/// </para>
/// </summary>
public static unsafe partial class Gemm
{
    /// <summary>c [m, n] (+)= a [m, k] · b [n, k]ᵀ, over the pool: y = x · Wᵀ. Where <c>roundsB</c> the arithmetic is that of b's values rounded to bf16.</summary>
    public static void Nt(
        ComputePool pool, SimdWidth width, GemmWorkspace workspace, nint m, nint n, nint k, float* a, nint lda, float* b, nint ldb, float* c, nint ldc, bool accumulate, bool roundsB = false) =>
        Multiply(pool, workspace, Describe(width, m, n, k, a, lda, false, b, ldb, false, c, ldc, accumulate, roundsB));

    /// <summary><see cref="Nt"/> with b in the panels of <see cref="PackedPanels"/>: the same bits, without packing in every call. Where <c>isHalf</c> the panels are bf16, and the arithmetic that of their values in fp32.</summary>
    internal static void NtPacked(ComputePool pool, SimdWidth width, GemmWorkspace workspace, nint m, nint n, nint k, float* a, nint lda, void* b, bool isHalf, float* c, nint ldc, bool accumulate)
    {
        GemmProblem problem = Describe(width, m, n, k, a, lda, false, (float*)b, k, false, c, ldc, accumulate);
        problem.LanesB = PackedPanels.Lanes(width);
        problem.IsHalfB = isHalf;
        Multiply(pool, workspace, problem);
    }

    /// <summary>c [m, n] (+)= a [m, k] · b [k, n], over the pool: dx = dy · W. Where <c>roundsB</c> the arithmetic is that of b's values rounded to bf16.</summary>
    public static void Nn(
        ComputePool pool, SimdWidth width, GemmWorkspace workspace, nint m, nint n, nint k, float* a, nint lda, float* b, nint ldb, float* c, nint ldc, bool accumulate, bool roundsB = false) =>
        Multiply(pool, workspace, Describe(width, m, n, k, a, lda, false, b, ldb, true, c, ldc, accumulate, roundsB));

    /// <summary>c [m, n] (+)= a [k, m]ᵀ · b [k, n], over the pool: dW += dyᵀ · x, where k runs over tokens in order.</summary>
    public static void Tn(ComputePool pool, SimdWidth width, GemmWorkspace workspace, nint m, nint n, nint k, float* a, nint lda, float* b, nint ldb, float* c, nint ldc, bool accumulate) =>
        Multiply(pool, workspace, Describe(width, m, n, k, a, lda, true, b, ldb, true, c, ldc, accumulate));

    /// <summary><see cref="Nt"/> on the calling thread, for use inside a job of worker <paramref name="worker"/>.</summary>
    public static void SingleNt(SimdWidth width, GemmWorkspace workspace, int worker, nint m, nint n, nint k, float* a, nint lda, float* b, nint ldb, float* c, nint ldc, bool accumulate) =>
        MultiplySingle(workspace, worker, Describe(width, m, n, k, a, lda, false, b, ldb, false, c, ldc, accumulate));

    /// <summary><see cref="Nn"/> on the calling thread, for use inside a job of worker <paramref name="worker"/>.</summary>
    public static void SingleNn(SimdWidth width, GemmWorkspace workspace, int worker, nint m, nint n, nint k, float* a, nint lda, float* b, nint ldb, float* c, nint ldc, bool accumulate) =>
        MultiplySingle(workspace, worker, Describe(width, m, n, k, a, lda, false, b, ldb, true, c, ldc, accumulate));

    /// <summary><see cref="Tn"/> on the calling thread, for use inside a job of worker <paramref name="worker"/>.</summary>
    public static void SingleTn(SimdWidth width, GemmWorkspace workspace, int worker, nint m, nint n, nint k, float* a, nint lda, float* b, nint ldb, float* c, nint ldc, bool accumulate) =>
        MultiplySingle(workspace, worker, Describe(width, m, n, k, a, lda, true, b, ldb, true, c, ldc, accumulate));

    private static GemmProblem Describe(
        SimdWidth width, nint m, nint n, nint k, float* a, nint lda, bool depthMajorA, float* b, nint ldb, bool depthMajorB, float* c, nint ldc, bool accumulate, bool roundsB = false) => new()
        {
            Width = width,
            M = m,
            N = n,
            K = k,
            A = a,
            StrideA = lda,
            DepthMajorA = depthMajorA,
            B = b,
            StrideB = ldb,
            DepthMajorB = depthMajorB,
            RoundsB = roundsB,
            C = c,
            StrideC = ldc,
            Accumulate = accumulate,
        };

    private static void Multiply(ComputePool pool, GemmWorkspace workspace, in GemmProblem problem)
    {
        ArgumentNullException.ThrowIfNull(pool);
        ArgumentNullException.ThrowIfNull(workspace);
        problem.Verify();
        if (workspace.Workers < pool.Threads)
        {
            throw new ArgumentOutOfRangeException(nameof(workspace), workspace.Workers, $"The workspace must have at least as many workers as the pool has threads, {pool.Threads}.");
        }

        if (problem.M == 0 || problem.N == 0)
        {
            return;
        }

        if (problem.Width == SimdWidth.Scalar || problem.K == 0)
        {
            var job = new GemmReferenceJob { Problem = problem };
            pool.Run(ref job, problem.M);
        }
        else
        {
            GemmDriver.Run(pool, workspace, in problem);
        }
    }

    private static void MultiplySingle(GemmWorkspace workspace, int worker, in GemmProblem problem)
    {
        ArgumentNullException.ThrowIfNull(workspace);
        problem.Verify();
        if (problem.M == 0 || problem.N == 0)
        {
            return;
        }

        if (problem.Width == SimdWidth.Scalar || problem.K == 0)
        {
            Reference(in problem, 0, problem.M);
        }
        else
        {
            GemmDriver.RunSingle(workspace, worker, in problem);
        }
    }
}

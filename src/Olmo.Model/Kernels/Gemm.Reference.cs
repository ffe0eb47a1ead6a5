using Olmo.Model.Compute;
using Olmo.Model.Numerics;

namespace Olmo.Model.Kernels;

public static unsafe partial class Gemm
{
    /// <summary>Rows [from, to) of C by the definition: the oracle of the vector kernels, and what runs where no width fits.</summary>
    internal static void Reference(in GemmProblem problem, nint from, nint to)
    {
        nint stepA = problem.DepthMajorA ? problem.StrideA : 1;
        nint stepB = problem.LanesB > 0 ? problem.LanesB : problem.DepthMajorB ? problem.StrideB : 1;
        for (nint i = from; i < to; i++)
        {
            float* row = problem.C + (i * problem.StrideC);
            for (nint j = 0; j < problem.N; j++)
            {
                float sum = problem.Accumulate ? row[j] : 0f;
                float* a = problem.AddressA(i, 0);
                if (problem.IsHalfB)
                {
                    row[j] = ReferenceHalf(problem, a, stepA, j, sum);
                    continue;
                }

                float* b = problem.AddressB(0, j);
                if (problem.RoundsB)
                {
                    row[j] = ReferenceRounded(problem.K, a, stepA, b, stepB, sum);
                    continue;
                }

                for (nint p = 0; p < problem.K; p++)
                {
                    sum = MathF.FusedMultiplyAdd(*a, *b, sum);
                    a += stepA;
                    b += stepB;
                }

                row[j] = sum;
            }
        }
    }

    private static float ReferenceHalf(in GemmProblem problem, float* a, nint stepA, nint j, float sum)
    {
        ushort* b = problem.LanesOfB(0, j) + PackedPanels.PlaceOf((int)(j % problem.LanesB), problem.LanesB);
        for (nint p = 0; p < problem.K; p++)
        {
            sum = MathF.FusedMultiplyAdd(a[p * stepA], BFloat16.Widen(b[p * problem.LanesB]), sum);
        }

        return sum;
    }

    private static float ReferenceRounded(nint k, float* a, nint stepA, float* b, nint stepB, float sum)
    {
        for (nint p = 0; p < k; p++)
        {
            sum = MathF.FusedMultiplyAdd(a[p * stepA], BFloat16.Widen(BFloat16.Round(b[p * stepB])), sum);
        }

        return sum;
    }

    private struct GemmReferenceJob : IRangeJob
    {
        public GemmProblem Problem;

        public readonly void Execute(nint from, nint to, int worker) => Reference(in Problem, from, to);
    }
}

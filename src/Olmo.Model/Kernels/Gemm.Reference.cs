using Olmo.Model.Compute;

namespace Olmo.Model.Kernels;

public static unsafe partial class Gemm
{
    /// <summary>Rows [from, to) of C by the definition: the oracle of the vector kernels, and what runs where no width fits.</summary>
    internal static void Reference(in GemmProblem problem, nint from, nint to)
    {
        nint stepA = problem.DepthMajorA ? problem.StrideA : 1;
        nint stepB = problem.DepthMajorB ? problem.StrideB : 1;
        for (nint i = from; i < to; i++)
        {
            float* row = problem.C + (i * problem.StrideC);
            for (nint j = 0; j < problem.N; j++)
            {
                float sum = problem.Accumulate ? row[j] : 0f;
                float* a = problem.AddressA(i, 0);
                float* b = problem.AddressB(0, j);
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

    private struct GemmReferenceJob : IRangeJob
    {
        public GemmProblem Problem;

        public readonly void Execute(nint from, nint to, int worker) => Reference(in Problem, from, to);
    }
}

using Olmo.Model.Compute;

namespace Olmo.Model.Kernels;

/// <summary>
/// Multiplications with few rows or few columns of C, such as the gradient of a square weight: the workers pack the operand that all need together, and each packs a stripe of the other one
/// into its own second-level cache when it multiplies it. What one core has written and another reads is the small operand only, and there are few waits for each other.
/// </summary>
internal static unsafe class GemmStripes
{
    // Most rows of A or columns of B that are shared; with Depth, what fits the workspace's half for A or B.
    private const int SharedLanes = 1024;
    private const int Depth = 1024;
    private const int StripeRows = 132;
    private const int StripeColumns = 288;

    /// <summary>True if one of the operands is small enough to be shared.</summary>
    public static bool Fits(in GemmProblem problem) => Math.Min(problem.M, problem.N) <= SharedLanes;

    /// <summary>Multiplies over a pool.</summary>
    public static void Run(ComputePool pool, GemmWorkspace workspace, in GemmProblem problem)
    {
        bool stripesOfRows = problem.N <= problem.M;
        float* packedA = workspace.Shared;
        float* packedB = packedA + GemmBlocks.Shared.PackedAFloats;
        for (nint p = 0; p < problem.K; p += Depth)
        {
            var block = new GemmBlock(in problem, 0, problem.M, 0, problem.N, p, Math.Min(Depth, problem.K - p), packedA, packedB);
            var pack = new PackJob { Block = block, IsB = stripesOfRows };
            pool.Run(ref pack, stripesOfRows ? block.PackPartsB : block.PackPartsA);

            nint panels = stripesOfRows ? block.RowPanels : block.ColumnPanels;
            nint stripes = stripesOfRows ? Stripes(problem.M, StripeRows, pool.Threads) : Stripes(problem.N, StripeColumns, pool.Threads);
            var job = new StripesJob { Block = block, Workspace = workspace, OfRows = stripesOfRows, Panels = panels, Stripes = Math.Min(stripes, panels) };
            pool.Run(ref job, job.Stripes);
        }
    }

    /// <summary>Stripes of at most <paramref name="size"/> lanes (rounded to panels), four a worker unless they get too thin, and a whole number of rounds.</summary>
    internal static nint Stripes(nint lanes, nint size, int threads)
    {
        nint stripes = (lanes + size - 1) / size;
        stripes = Math.Max(stripes, Math.Min(4 * threads, lanes * 3 / size));
        return (stripes + threads - 1) / threads * threads;
    }

    private struct PackJob : IRangeJob
    {
        public GemmBlock Block;
        public bool IsB;

        public readonly void Execute(nint from, nint to, int worker)
        {
            if (IsB)
            {
                Block.PackB(from, to);
            }
            else
            {
                Block.PackA(from, to);
            }
        }
    }

    private struct StripesJob : IRangeJob
    {
        public GemmBlock Block;
        public GemmWorkspace Workspace;
        public bool OfRows;
        public nint Panels;
        public nint Stripes;

        public readonly void Execute(nint from, nint to, int worker)
        {
            float* own = Workspace.Packed(worker);
            float* border = Workspace.Tile(worker);
            for (nint stripe = from; stripe < to; stripe++)
            {
                nint first = Panels * stripe / Stripes;
                nint last = Panels * (stripe + 1) / Stripes;
                if (OfRows)
                {
                    Block.PackAndMultiplyRows(first, last, own, border);
                }
                else
                {
                    Block.PackAndMultiplyColumns(first, last, own, border);
                }
            }
        }
    }
}

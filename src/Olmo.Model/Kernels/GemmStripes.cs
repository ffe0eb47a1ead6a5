using Olmo.Model.Compute;

namespace Olmo.Model.Kernels;

/// <summary>
/// Multiplications with few rows or few columns of C, such as the gradient of a square weight: the operand that all need is packed first, and each worker packs a stripe of the other one
/// into its own second-level cache when it multiplies it. Two workers pack the common operand each for itself: that costs less than waiting for each other and reading what another core
/// has written, and their thick stripes read the common operand less often; a piece of it is packed when the first stripe needs it. More of them share one copy.
/// </summary>
internal static unsafe class GemmStripes
{
    // Most rows of A or columns of B that are common; with SharedDepth, what fits the workspace's half for A or B.
    private const int CommonLanes = 1024;
    private const int SharedDepth = 1024;
    private const int OwnCopies = 2;
    private const int StripesOfWorker = 2;
    private const int StripesOfSharingWorker = 4;
    private const int StripeRows = 132;
    private const int StripeColumns = 288;
    private const int LineLongs = 8;

    /// <summary>True if one of the operands is small enough to be common.</summary>
    public static bool Fits(in GemmProblem problem) => Math.Min(problem.M, problem.N) <= CommonLanes;

    /// <summary>Multiplies over a pool.</summary>
    public static void Run(ComputePool pool, GemmWorkspace workspace, in GemmProblem problem)
    {
        bool ofRows = problem.N <= problem.M;
        bool ownCopies = pool.Threads == OwnCopies;
        nint depth = ownCopies ? OwnDepth(ofRows ? problem.N : problem.M) : SharedDepth;
        nint* packed = stackalloc nint[OwnCopies * LineLongs];
        nint* ends = stackalloc nint[GemmStripeCuts.MostEnds];
        for (nint p = 0; p < problem.K; p += depth)
        {
            var job = new StripesJob { Problem = problem, Workspace = workspace, OfRows = ofRows, Start = p, Depth = Math.Min(depth, problem.K - p) };
            GemmBlock block = job.BlockOf(0);
            if (ownCopies)
            {
                new Span<nint>(packed, OwnCopies * LineLongs).Clear();
                job.Packed = packed;
                job.CopyFloats = (nint)GemmBlocks.Shared.PackedFloats / OwnCopies;
            }
            else
            {
                var pack = new PackJob { Block = block, IsB = ofRows };
                pool.Run(ref pack, ofRows ? block.PackPartsB : block.PackPartsA);
            }

            nint panels = ofRows ? block.RowPanels : block.ColumnPanels;
            int least = pool.Threads * (ownCopies ? StripesOfWorker : StripesOfSharingWorker);
            nint stripes = ofRows ? Stripes(problem.M, StripeRows, pool.Threads, least) : Stripes(problem.N, StripeColumns, pool.Threads, least);
            job.Cuts = new GemmStripeCuts(panels, Math.Min(stripes, panels), pool.Threads, ends);
            pool.Run(ref job, job.Cuts.Count);
        }
    }

    // As deep as a copy for each worker can be. One worker gains nothing by more depth: the copy leaves its share of the last-level cache.
    private static nint OwnDepth(nint lanes) =>
        Math.Max(1, (nint)GemmBlocks.Shared.PackedFloats / OwnCopies / (lanes + GemmBlocks.MostTileLanes) / GemmBlocks.PanelDepth) * GemmBlocks.PanelDepth;

    // Stripes of at most size lanes (rounded to panels), so many at least unless they get too thin, and a whole number of rounds.
    private static nint Stripes(nint lanes, nint size, int threads, int least)
    {
        nint stripes = (lanes + size - 1) / size;
        stripes = Math.Max(stripes, Math.Min(least, lanes * 3 / size));
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
        public GemmProblem Problem;
        public GemmWorkspace Workspace;
        public bool OfRows;
        public nint Start;
        public nint Depth;
        public GemmStripeCuts Cuts;
        public nint* Packed; // depth that each worker has packed for itself; null: one copy, packed before
        public nint CopyFloats;

        public readonly GemmBlock BlockOf(int worker)
        {
            float* common = Workspace.Shared + (worker * CopyFloats);
            return new GemmBlock(in Problem, 0, Problem.M, 0, Problem.N, Start, Depth, common, common);
        }

        public readonly void Execute(nint from, nint to, int worker)
        {
            GemmBlock block = BlockOf(worker);
            nint* packed = Packed == null ? null : Packed + (worker * LineLongs);
            float* own = Workspace.Packed(worker);
            float* border = Workspace.Tile(worker);
            for (nint stripe = from; stripe < to; stripe++)
            {
                (nint first, nint last) = Cuts.Of(stripe);
                if (OfRows)
                {
                    block.PackAndMultiplyRows(first, last, own, packed, border);
                }
                else
                {
                    block.PackAndMultiplyColumns(first, last, own, packed, border);
                }
            }
        }
    }
}

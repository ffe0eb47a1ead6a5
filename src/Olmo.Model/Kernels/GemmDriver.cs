using System.Runtime.CompilerServices;
using Olmo.Model.Compute;

namespace Olmo.Model.Kernels;

/// <summary>
/// Goto's blocked multiplication (Goto, van de Geijn: Anatomy of High-Performance Matrix Multiplication, 2008): panels of A and B are packed so that the
/// micro-kernel reads memory in order. A depth block is finished for a tile of C before the next starts, and the chain goes on from what C holds.
/// </summary>
internal static unsafe class GemmDriver
{
    // The last parts of a block are cut so that its workers end together.
    private const int CutParts = 4;

    /// <summary>Multiplies over a pool; the workers pack a block together, then share the tiles of C.</summary>
    public static void Run(ComputePool pool, GemmWorkspace workspace, in GemmProblem problem)
    {
        if (problem.M == 1 && problem.LanesB > 0)
        {
            Gemv.Run(pool, in problem);
            return;
        }

        if (problem.M <= GemmBlocks.NarrowRows)
        {
            RunNarrow(pool, workspace, in problem);
            return;
        }

        if (GemmStripes.Fits(in problem))
        {
            GemmStripes.Run(pool, workspace, in problem);
            return;
        }

        GemmBlocks blocks = GemmBlocks.Shared;
        int tileRows = GemmBlocks.TileRows(problem.Width);
        int tileColumns = GemmBlocks.TileColumns(problem.Width);
        float* packedA = workspace.Shared;
        float* packedB = packedA + GemmBlocks.Shared.PackedAFloats;
        bool oneRowBlock = problem.M <= blocks.Rows;
        for (nint p = 0; p < problem.K; p += blocks.Depth)
        {
            nint depth = Math.Min(blocks.Depth, problem.K - p);
            for (nint j = 0; j < problem.N; j += blocks.Columns)
            {
                for (nint i = 0; i < problem.M; i += blocks.Rows)
                {
                    var block = new GemmBlock(in problem, i, Math.Min(blocks.Rows, problem.M - i), j, Math.Min(blocks.Columns, problem.N - j), p, depth, packedA, packedB);
                    var pack = new PackJob { Block = block, PartsA = oneRowBlock && j > 0 ? 0 : block.PackPartsA };
                    pool.Run(ref pack, pack.PartsA + (i == 0 ? block.PackPartsB : 0));

                    (nint rowParts, nint columnParts) = Split(block.RowPanels * tileRows, block.ColumnPanels * tileColumns, pool.Threads);
                    var tiles = new TilesJob { Block = block, Workspace = workspace, RowParts = Math.Min(rowParts, block.RowPanels), ColumnParts = Math.Min(columnParts, block.ColumnPanels) };
                    tiles.Cut = pool.Threads > 1 && tiles.RowParts >= 2 * pool.Threads ? pool.Threads : 0;
                    pool.Run(ref tiles, (tiles.RowParts * tiles.ColumnParts) + ((CutParts - 1) * tiles.Cut));
                }
            }
        }
    }

    /// <summary>
    /// Few rows, as in generation: B is read once from memory and used at once. A worker packs a panel of B into its own cache, multiplies, and takes the next.
    /// </summary>
    private static void RunNarrow(ComputePool pool, GemmWorkspace workspace, in GemmProblem problem)
    {
        GemmBlocks blocks = GemmBlocks.Shared;
        nint depthLimit = (nint)(blocks.PackedAFloats / (GemmBlocks.NarrowRows + GemmBlocks.TileRows(problem.Width))) / GemmBlocks.PanelDepth * GemmBlocks.PanelDepth;
        for (nint p = 0; p < problem.K; p += depthLimit)
        {
            nint depth = Math.Min(depthLimit, problem.K - p);
            var job = new NarrowJob { Block = new GemmBlock(in problem, 0, problem.M, 0, problem.N, p, depth, workspace.Shared, null), Workspace = workspace };
            job.Block.PackA(0, job.Block.PackPartsA);
            pool.Run(ref job, job.Block.ColumnPanels, Math.Clamp(job.Block.ColumnPanels / (8 * pool.Threads), 1, 8));
        }
    }

    /// <summary>Multiplies on the calling thread with the worker's own buffers.</summary>
    public static void RunSingle(GemmWorkspace workspace, int worker, in GemmProblem problem)
    {
        GemmBlocks blocks = GemmBlocks.Single;
        float* packedA = workspace.Packed(worker);
        float* packedB = packedA + blocks.PackedAFloats;
        float* tile = workspace.Tile(worker);
        bool oneRowBlock = problem.M <= blocks.Rows;
        for (nint p = 0; p < problem.K; p += blocks.Depth)
        {
            nint depth = Math.Min(blocks.Depth, problem.K - p);
            for (nint j = 0; j < problem.N; j += blocks.Columns)
            {
                for (nint i = 0; i < problem.M; i += blocks.Rows)
                {
                    var block = new GemmBlock(in problem, i, Math.Min(blocks.Rows, problem.M - i), j, Math.Min(blocks.Columns, problem.N - j), p, depth, packedA, packedB);
                    if (!block.TryUseAInPlace() && (!oneRowBlock || j == 0))
                    {
                        block.PackA(0, block.PackPartsA);
                    }

                    if (!block.TryUseBInPlace() && i == 0)
                    {
                        block.PackB(0, block.PackPartsB);
                    }

                    block.MultiplyTiles(0, block.RowPanels, 0, block.ColumnPanels, tile);
                }
            }
        }
    }

    /// <summary>
    /// Parts of a block's rows and columns: near 128 x 512, so that the part of A, B and C stay in a 1 MiB second-level cache, and at least four parts a worker,
    /// so that a worker that others disturb does not hold up the rest.
    /// </summary>
    internal static (nint Rows, nint Columns) Split(nint rows, nint columns, int threads)
    {
        nint columnParts = Math.Max(1, (columns + 256) / 512);
        nint rowParts = Math.Max(1, (rows + 64) / 128);
        nint wanted = threads == 1 ? 1 : 4 * threads;
        if (rowParts * columnParts < wanted)
        {
            rowParts = Math.Min(Math.Max(1, rows / 24), (wanted + columnParts - 1) / columnParts);
        }

        if (rowParts * columnParts < wanted)
        {
            columnParts = (wanted + rowParts - 1) / rowParts;
        }

        // A whole number of rounds: 15 parts for 2 workers would leave one idle for a fifteenth of the time.
        rowParts = (rowParts + threads - 1) / threads * threads;
        return (rowParts, columnParts);
    }

    private struct PackJob : IRangeJob
    {
        public GemmBlock Block;
        public nint PartsA;

        public readonly void Execute(nint from, nint to, int worker)
        {
            if (from < PartsA)
            {
                Block.PackA(from, Math.Min(to, PartsA));
            }

            if (to > PartsA)
            {
                Block.PackB(Math.Max(from, PartsA) - PartsA, to - PartsA);
            }
        }
    }

    private struct NarrowJob : IRangeJob
    {
        public GemmBlock Block;
        public GemmWorkspace Workspace;

        public readonly void Execute(nint from, nint to, int worker)
        {
            float* panel = Workspace.Packed(worker);
            float* border = Workspace.Tile(worker);
            for (nint column = from; column < to; column++)
            {
                Block.PackAndMultiplyColumns(column, column + 1, panel, null, border);
            }
        }
    }

    private struct TilesJob : IRangeJob
    {
        public GemmBlock Block;
        public GemmWorkspace Workspace;
        public nint RowParts;
        public nint ColumnParts;
        public nint Cut; // of the last parts, into CutParts each

        public readonly void Execute(nint from, nint to, int worker)
        {
            float* tile = Workspace.Tile(worker);
            nint whole = (RowParts * ColumnParts) - Cut;
            for (nint item = from; item < to; item++)
            {
                // Row parts run fastest: neighbours in time share the columns of B.
                nint part = item < whole ? item : whole + ((item - whole) / CutParts);
                nint row = part % RowParts;
                nint column = part / RowParts;
                nint rowFrom = Block.RowPanels * row / RowParts;
                nint rows = (Block.RowPanels * (row + 1) / RowParts) - rowFrom;
                nint cut = item < whole ? 0 : (item - whole) % CutParts;
                int cuts = item < whole ? 1 : CutParts;
                Block.MultiplyTiles(
                    rowFrom + (rows * cut / cuts),
                    rowFrom + (rows * (cut + 1) / cuts),
                    Block.ColumnPanels * column / ColumnParts,
                    Block.ColumnPanels * (column + 1) / ColumnParts,
                    tile);
            }
        }
    }
}

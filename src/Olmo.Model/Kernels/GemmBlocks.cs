using Olmo.Model.Compute;

namespace Olmo.Model.Kernels;

/// <summary>Sizes that decide a multiplication's speed and nothing else: what is packed at a time, in rows, columns and depth.</summary>
/// <param name="Rows">Rows of A that are packed at a time.</param>
/// <param name="Columns">Columns of C that are packed at a time.</param>
/// <param name="Depth">Length of the chains that run between two packings.</param>
internal readonly record struct GemmBlocks(nint Rows, nint Columns, nint Depth)
{
    /// <summary>Depth of a panel pair that stays in a 32 to 48 KiB first-level cache.</summary>
    public const int PanelDepth = 256;

    /// <summary>Most floats of a micro-kernel's tile of C.</summary>
    public const int MaxTileFloats = 512;

    /// <summary>Most rows or columns of a micro-kernel's tile.</summary>
    public const int MostTileLanes = 32;

    /// <summary>Most rows for which columns of B are packed one panel at a time and used at once.</summary>
    public const int NarrowRows = 48;

    /// <summary>Blocks that the workers of a pool pack together: at most 4 MiB each of A and B, in the last-level cache.</summary>
    public static GemmBlocks Shared => new(2112, 2112, 2 * PanelDepth);

    /// <summary>Blocks of one worker inside a job: small enough for its second-level cache.</summary>
    public static GemmBlocks Single => new(96, 384, PanelDepth);

    /// <summary>Floats of packed A, a multiple of a cache line; packed B starts there.</summary>
    public long PackedAFloats => ((long)(Rows + MostTileLanes) * Depth);

    /// <summary>Floats of both packed operands.</summary>
    public long PackedFloats => PackedAFloats + ((long)(Columns + MostTileLanes) * Depth);

    /// <summary>Rows of the micro-kernel's tile.</summary>
    public static int TileRows(SimdWidth width) => width == SimdWidth.Avx512 ? GemmAvx512.Rows : GemmAvx2.Rows;

    /// <summary>Micro-kernels exist for each multiple of this many rows.</summary>
    public static int TileRowStep(SimdWidth width) => width == SimdWidth.Avx512 ? GemmAvx512.RowStep : GemmAvx2.RowStep;

    /// <summary>Columns of the micro-kernel's tile.</summary>
    public static int TileColumns(SimdWidth width) => width == SimdWidth.Avx512 ? GemmAvx512.Columns : GemmAvx2.Columns;
}

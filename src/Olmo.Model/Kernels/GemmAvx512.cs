using System.Runtime.CompilerServices;

namespace Olmo.Model.Kernels;

/// <summary>The micro-kernels for AVX-512: up to 24 of 32 registers hold a tile of C.</summary>
internal static unsafe partial class GemmAvx512
{
    /// <summary>Rows of the largest tile.</summary>
    public const int Rows = 12;

    /// <summary>Columns of every tile.</summary>
    public const int Columns = 32;

    /// <summary>Tiles exist for each multiple of this many rows.</summary>
    public const int RowStep = 4;

    /// <summary>
    /// c [rows, 32] = chains over <paramref name="depth"/> (at least 1) of a [depth, rows] · b [depth, 32], started from c (<paramref name="load"/>) or from +0. Row p of a and b lies
    /// <paramref name="lda"/> and <paramref name="ldb"/> floats after row p - 1. The tile at <paramref name="next"/> is what will be computed afterwards: it is fetched into the
    /// second-level cache meanwhile (rows of C a power of two apart would evict each other from the first).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Tile(nint rows, nint depth, float* a, nint lda, float* b, nint ldb, float* c, nint ldc, bool load, float* next)
    {
        if (rows == 12)
        {
            Tile12(depth, a, lda, b, ldb, c, ldc, load, next);
        }
        else if (rows == 8)
        {
            Tile8(depth, a, lda, b, ldb, c, ldc, load, next);
        }
        else
        {
            Tile4(depth, a, lda, b, ldb, c, ldc, load, next);
        }
    }
}

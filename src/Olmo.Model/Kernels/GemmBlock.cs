using System.Runtime.CompilerServices;
using Olmo.Model.Compute;

namespace Olmo.Model.Kernels;

/// <summary>
/// One packed block of a multiplication: rows [Row, Row + Rows) of A, columns [Column, Column + Columns) of B, depth [Start, Start + Depth). A panel is
/// [depth, lanes]: lanes rows of A or columns of B side by side, those past the border as zeros.
/// </summary>
internal readonly unsafe struct GemmBlock
{
    private readonly GemmProblem _problem;
    private readonly nint _row;
    private readonly nint _rows;
    private readonly nint _column;
    private readonly nint _columns;
    private readonly nint _start;
    private readonly nint _depth;
    private readonly float* _packedA;
    private readonly float* _packedB;
    private readonly int _tileRows;
    private readonly int _tileColumns;

    public GemmBlock(in GemmProblem problem, nint row, nint rows, nint column, nint columns, nint start, nint depth, float* packedA, float* packedB)
    {
        _problem = problem;
        _row = row;
        _rows = rows;
        _column = column;
        _columns = columns;
        _start = start;
        _depth = depth;
        _packedA = packedA;
        _packedB = packedB;
        _tileRows = GemmBlocks.TileRows(problem.Width);
        _tileColumns = GemmBlocks.TileColumns(problem.Width);
    }

    /// <summary>Panels of packed A.</summary>
    public nint RowPanels => (_rows + _tileRows - 1) / _tileRows;

    /// <summary>Panels of packed B.</summary>
    public nint ColumnPanels => (_columns + _tileColumns - 1) / _tileColumns;

    /// <summary>Packs panels [from, to) of A.</summary>
    public void PackA(nint from, nint to)
    {
        for (nint panel = from; panel < to; panel++)
        {
            nint lane = panel * _tileRows;
            GemmPacking.Pack(
                _problem.Width, _problem.DepthMajorA, _problem.AddressA(_row + lane, _start), _problem.StrideA, Math.Min(_tileRows, _rows - lane), _depth, _tileRows, _packedA + (lane * _depth));
        }
    }

    /// <summary>Packs panels [from, to) of B.</summary>
    public void PackB(nint from, nint to)
    {
        for (nint panel = from; panel < to; panel++)
        {
            nint lane = panel * _tileColumns;
            GemmPacking.Pack(
                _problem.Width, _problem.DepthMajorB, _problem.AddressB(_start, _column + lane), _problem.StrideB, Math.Min(_tileColumns, _columns - lane), _depth, _tileColumns, _packedB + (lane * _depth));
        }
    }

    /// <summary>Computes the tiles of C where row panels and column panels meet.</summary>
    /// <param name="rowFrom">First row panel.</param>
    /// <param name="rowTo">One past the last row panel.</param>
    /// <param name="columnFrom">First column panel.</param>
    /// <param name="columnTo">One past the last column panel.</param>
    /// <param name="border">Scratch memory of one tile.</param>
    public void MultiplyTiles(nint rowFrom, nint rowTo, nint columnFrom, nint columnTo, float* border)
    {
        for (nint p = 0; p < _depth; p += GemmBlocks.PanelDepth)
        {
            nint depth = Math.Min(GemmBlocks.PanelDepth, _depth - p);
            bool load = _problem.Accumulate || _start + p > 0;
            for (nint columnPanel = columnFrom; columnPanel < columnTo; columnPanel++)
            {
                nint column = columnPanel * _tileColumns;
                float* b = _packedB + (column * _depth) + (p * _tileColumns);
                nint columns = Math.Min(_tileColumns, _columns - column);
                for (nint rowPanel = rowFrom; rowPanel < rowTo; rowPanel++)
                {
                    nint row = rowPanel * _tileRows;
                    float* a = _packedA + (row * _depth) + (p * _tileRows);
                    nint rows = Math.Min(_tileRows, _rows - row);
                    float* c = _problem.C + ((_row + row) * _problem.StrideC) + _column + column;
                    if (rows == _tileRows && columns == _tileColumns)
                    {
                        Tile(depth, a, b, c, _problem.StrideC, load);
                    }
                    else
                    {
                        BorderTile(depth, a, b, c, rows, columns, load, border);
                    }
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Tile(nint depth, float* a, float* b, float* c, nint ldc, bool load)
    {
        if (_problem.Width == SimdWidth.Avx512)
        {
            GemmAvx512.Tile12x32(depth, a, b, c, ldc, load);
        }
        else
        {
            GemmAvx2.Tile6x16(depth, a, b, c, ldc, load);
        }
    }

    // The whole tile is computed beside C; what lies past the border is dropped, so zeros in the panels meet no element of C.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void BorderTile(nint depth, float* a, float* b, float* c, nint rows, nint columns, bool load, float* border)
    {
        if (load)
        {
            for (nint i = 0; i < rows; i++)
            {
                Unsafe.CopyBlockUnaligned(border + (i * _tileColumns), c + (i * _problem.StrideC), (uint)(columns * sizeof(float)));
            }
        }

        Tile(depth, a, b, border, _tileColumns, load);
        for (nint i = 0; i < rows; i++)
        {
            Unsafe.CopyBlockUnaligned(c + (i * _problem.StrideC), border + (i * _tileColumns), (uint)(columns * sizeof(float)));
        }
    }
}

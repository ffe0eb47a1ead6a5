using System.Runtime.CompilerServices;
using Olmo.Model.Compute;

namespace Olmo.Model.Kernels;

/// <summary>
/// One block of a multiplication: rows [Row, Row + Rows) of A, columns [Column, Column + Columns) of B, depth [Start, Start + Depth), seen as panels as wide as the micro-kernel's tile.
/// </summary>
internal unsafe struct GemmBlock
{
    // Panels of a transposed operand that are packed as one part.
    private const int PackPanels = 8;

    private readonly GemmProblem _problem;
    private readonly nint _row;
    private readonly nint _rows;
    private readonly nint _column;
    private readonly nint _columns;
    private readonly nint _start;
    private readonly nint _depth;
    private readonly int _tileRows;
    private readonly int _tileColumns;
    private GemmPanels _a;
    private GemmPanels _b;

    public GemmBlock(in GemmProblem problem, nint row, nint rows, nint column, nint columns, nint start, nint depth, float* packedA, float* packedB)
    {
        _problem = problem;
        _row = row;
        _rows = rows;
        _column = column;
        _columns = columns;
        _start = start;
        _depth = depth;
        _tileRows = GemmBlocks.TileRows(problem.Width);
        _tileColumns = GemmBlocks.TileColumns(problem.Width);
        _a = GemmPanels.Packed(packedA, RowPanels, depth, _tileRows);
        _b = problem.IsInPlaceB
            ? new GemmPanels((nint)problem.AddressB(start, column), (nint)GemmBlocks.PanelDepth * _tileColumns, problem.K * _tileColumns, _tileColumns)
            : GemmPanels.Packed(packedB, ColumnPanels, depth, _tileColumns);
    }

    /// <summary>Panels of A.</summary>
    public readonly nint RowPanels => (_rows + _tileRows - 1) / _tileRows;

    /// <summary>Panels of B.</summary>
    public readonly nint ColumnPanels => (_columns + _tileColumns - 1) / _tileColumns;

    /// <summary>Parts in which A is packed.</summary>
    public readonly nint PackPartsA => PackParts(_problem.DepthMajorA, RowPanels);

    /// <summary>Parts in which B is packed; 0: it is read where it is.</summary>
    public readonly nint PackPartsB => _problem.IsInPlaceB ? 0 : PackParts(_problem.DepthMajorB, ColumnPanels);

    /// <summary>Packs parts [from, to) of A.</summary>
    public readonly void PackA(nint from, nint to) =>
        Pack(_problem.DepthMajorA, _problem.AddressA(_row, _start), _problem.StrideA, _rows, _tileRows, in _a, from, to, rounds: false);

    /// <summary>Packs parts [from, to) of B.</summary>
    public readonly void PackB(nint from, nint to)
    {
        if (_problem.IsHalfB)
        {
            WidenB(from * PackPanels, Math.Min(to * PackPanels, ColumnPanels));
            return;
        }

        Pack(_problem.DepthMajorB, _problem.AddressB(_start, _column), _problem.StrideB, _columns, _tileColumns, in _b, from, to, _problem.RoundsB);
    }

    /// <summary>Reads A where it is if a row of memory is one k and no tile would reach past the border; false if it must be packed.</summary>
    public bool TryUseAInPlace()
    {
        if (!_problem.DepthMajorA || _rows % GemmBlocks.TileRowStep(_problem.Width) != 0)
        {
            return false;
        }

        _a = GemmPanels.InPlace(_problem.AddressA(_row, _start), _problem.StrideA, _tileRows);
        return true;
    }

    /// <summary>Reads B where it is if a row of memory is one k, no tile would reach past the border and nothing is rounded; false if it must be packed.</summary>
    public bool TryUseBInPlace()
    {
        if (!_problem.DepthMajorB || _columns % _tileColumns != 0 || _problem.RoundsB)
        {
            return false;
        }

        _b = GemmPanels.InPlace(_problem.AddressB(_start, _column), _problem.StrideB, _tileColumns);
        return true;
    }

    /// <summary>Computes the tiles of C where row panels and column panels meet.</summary>
    /// <param name="rowFrom">First row panel.</param>
    /// <param name="rowTo">One past the last row panel.</param>
    /// <param name="columnFrom">First column panel.</param>
    /// <param name="columnTo">One past the last column panel.</param>
    /// <param name="border">Scratch memory of one tile.</param>
    public readonly void MultiplyTiles(nint rowFrom, nint rowTo, nint columnFrom, nint columnTo, float* border)
    {
        for (nint p = 0; p < _depth; p += GemmBlocks.PanelDepth)
        {
            nint depth = Math.Min(GemmBlocks.PanelDepth, _depth - p);
            for (nint columnPanel = columnFrom; columnPanel < columnTo; columnPanel++)
            {
                MultiplyColumn(rowFrom, rowTo, columnPanel, p, depth, _b.Address(columnPanel, p), _b.Row, border);
            }
        }
    }

    /// <summary>
    /// The same for all columns and row panels [from, to), of which each PanelDepth of A is packed into <paramref name="own"/> first: (to - from) · tile rows · PanelDepth floats. B is packed already
    /// to the depth <paramref name="packed"/>, and each PanelDepth more is packed when it is needed (null: all is packed).
    /// </summary>
    public readonly void PackAndMultiplyRows(nint from, nint to, float* own, nint* packed, float* border)
    {
        GemmBlock block = this;
        block._a = OwnPanels(own, from, _tileRows);
        nint lane = from * _tileRows;
        nint count = Math.Min(to * _tileRows, _rows) - lane;
        for (nint p = 0; p < _depth; p += GemmBlocks.PanelDepth)
        {
            nint depth = Math.Min(GemmBlocks.PanelDepth, _depth - p);
            if (packed != null && *packed <= p)
            {
                PackPieceB(p, depth);
                *packed = p + depth;
            }

            GemmPacking.Pack(_problem.Width, _problem.DepthMajorA, _problem.AddressA(_row + lane, _start + p), _problem.StrideA, count, depth, _tileRows, own, block._a.Panel);
            for (nint columnPanel = 0; columnPanel < ColumnPanels; columnPanel++)
            {
                block.MultiplyColumn(from, to, columnPanel, p, depth, _b.Address(columnPanel, p), _b.Row, border);
            }
        }
    }

    /// <summary>
    /// The same for all rows and column panels [from, to), of which each PanelDepth of B is packed into <paramref name="own"/> first: (to - from) · tile columns · PanelDepth floats, unless B is read
    /// in place. A is packed as B is by <see cref="PackAndMultiplyRows"/>.
    /// </summary>
    public readonly void PackAndMultiplyColumns(nint from, nint to, float* own, nint* packed, float* border)
    {
        GemmPanels b = _problem.IsInPlaceB ? _b : OwnPanels(own, from, _tileColumns);
        nint lane = from * _tileColumns;
        nint count = Math.Min(to * _tileColumns, _columns) - lane;
        for (nint p = 0; p < _depth; p += GemmBlocks.PanelDepth)
        {
            nint depth = Math.Min(GemmBlocks.PanelDepth, _depth - p);
            if (packed != null && *packed <= p)
            {
                GemmPacking.Pack(_problem.Width, _problem.DepthMajorA, _problem.AddressA(_row, _start + p), _problem.StrideA, _rows, depth, _tileRows, _a.Address(0, p), _a.Panel);
                *packed = p + depth;
            }

            if (_problem.IsHalfB)
            {
                WidenB(in b, from, to, p, depth);
            }
            else if (!_problem.IsInPlaceB)
            {
                Pack(_problem.DepthMajorB, _problem.AddressB(_start + p, _column + lane), _problem.StrideB, count, depth, _tileColumns, own, b.Panel, _problem.RoundsB);
            }

            for (nint columnPanel = from; columnPanel < to; columnPanel++)
            {
                MultiplyColumn(0, RowPanels, columnPanel, p, depth, b.Address(columnPanel, p), b.Row, border);
            }
        }
    }

    private readonly void PackPieceB(nint p, nint depth)
    {
        if (_problem.IsHalfB)
        {
            WidenB(in _b, 0, ColumnPanels, p, depth);
        }
        else if (!_problem.IsInPlaceB)
        {
            Pack(_problem.DepthMajorB, _problem.AddressB(_start + p, _column), _problem.StrideB, _columns, depth, _tileColumns, _b.Address(0, p), _b.Panel, _problem.RoundsB);
        }
    }

    private readonly void WidenB(nint from, nint to)
    {
        for (nint p = 0; p < _depth; p += GemmBlocks.PanelDepth)
        {
            WidenB(in _b, from, to, p, Math.Min(GemmBlocks.PanelDepth, _depth - p));
        }
    }

    private readonly void WidenB(in GemmPanels target, nint from, nint to, nint p, nint depth)
    {
        for (nint panel = from; panel < to; panel++)
        {
            PackedPanels.WidenPanel(_problem.Width, _problem.LanesOfB(_start + p, _column + (panel * _tileColumns)), depth, _tileColumns, target.Address(panel, p));
        }
    }

    // Panels from number first on, at the start of a buffer, that hold one PanelDepth at a time.
    private readonly GemmPanels OwnPanels(float* own, nint first, int lanes)
    {
        nint panel = Math.Min(GemmBlocks.PanelDepth, _depth) * lanes;
        return new GemmPanels((nint)(own - (first * panel)), 0, panel, lanes);
    }

    // Parts follow the rows of memory: some k with all lanes, or some panels with all k.
    private readonly nint PackParts(bool depthMajor, nint panels) =>
        depthMajor ? (_depth + GemmPacking.RowsAtATime - 1) / GemmPacking.RowsAtATime : (panels + PackPanels - 1) / PackPanels;

    private readonly void Pack(bool depthMajor, float* source, nint stride, nint lanes, int tile, in GemmPanels target, nint from, nint to, bool rounds)
    {
        nint first = depthMajor ? from * GemmPacking.RowsAtATime : 0;
        nint last = depthMajor ? Math.Min(to * GemmPacking.RowsAtATime, _depth) : _depth;
        nint panel = depthMajor ? 0 : from * PackPanels;
        nint lane = panel * tile;
        nint count = (depthMajor ? lanes : Math.Min(to * PackPanels * tile, lanes)) - lane;
        nint depth;
        for (nint p = first; p < last; p += depth)
        {
            nint inPiece = p % GemmBlocks.PanelDepth;
            depth = Math.Min(GemmBlocks.PanelDepth - inPiece, last - p);
            float* at = depthMajor ? source + (p * stride) : source + (lane * stride) + p;
            float* packed = target.Address(panel, p - inPiece) + (inPiece * tile);
            Pack(depthMajor, at, stride, count, depth, tile, packed, target.Panel, rounds);
        }
    }

    private readonly void Pack(bool depthMajor, float* source, nint stride, nint count, nint depth, int tile, float* panels, nint panelStride, bool rounds)
    {
        if (rounds)
        {
            GemmPacking.PackRounded(_problem.Width, depthMajor, source, stride, count, depth, tile, panels, panelStride);
        }
        else
        {
            GemmPacking.Pack(_problem.Width, depthMajor, source, stride, count, depth, tile, panels, panelStride);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void MultiplyColumn(nint rowFrom, nint rowTo, nint columnPanel, nint p, nint depth, float* b, nint ldb, float* border)
    {
        bool load = _problem.Accumulate || _start + p > 0;
        nint column = columnPanel * _tileColumns;
        nint columns = Math.Min(_tileColumns, _columns - column);
        int step = GemmBlocks.TileRowStep(_problem.Width);
        for (nint rowPanel = rowFrom; rowPanel < rowTo; rowPanel++)
        {
            nint row = rowPanel * _tileRows;
            nint rows = Math.Min(_tileRows, _rows - row);
            nint computed = (rows + step - 1) / step * step;
            float* a = _a.Address(rowPanel, p);
            float* c = _problem.C + ((_row + row) * _problem.StrideC) + _column + column;
            if (rows == computed && columns == _tileColumns)
            {
                // Behind the last tile of a column comes the first one of the next column.
                float* next = rowPanel + 1 < rowTo ? c + (rows * _problem.StrideC) : _problem.C + ((_row + (rowFrom * _tileRows)) * _problem.StrideC) + _column + column + columns;
                Tile(rows, depth, a, b, ldb, c, _problem.StrideC, load, next);
            }
            else
            {
                BorderTile(rows, computed, columns, depth, a, b, ldb, c, load, border);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Tile(nint rows, nint depth, float* a, float* b, nint ldb, float* c, nint ldc, bool load, float* next)
    {
        if (_problem.Width == SimdWidth.Avx512)
        {
            GemmAvx512.Tile(rows, depth, a, _a.Row, b, ldb, c, ldc, load, next);
        }
        else
        {
            GemmAvx2.Tile(rows, depth, a, _a.Row, b, ldb, c, ldc, load, next);
        }
    }

    // The tile is computed beside C; what lies past the border is dropped, so zeros in the panels meet no element of C.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly void BorderTile(nint rows, nint computed, nint columns, nint depth, float* a, float* b, nint ldb, float* c, bool load, float* border)
    {
        if (load)
        {
            for (nint i = 0; i < rows; i++)
            {
                Unsafe.CopyBlockUnaligned(border + (i * _tileColumns), c + (i * _problem.StrideC), (uint)(columns * sizeof(float)));
            }
        }

        Tile(computed, depth, a, b, ldb, border, _tileColumns, load, border);
        for (nint i = 0; i < rows; i++)
        {
            Unsafe.CopyBlockUnaligned(c + (i * _problem.StrideC), border + (i * _tileColumns), (uint)(columns * sizeof(float)));
        }
    }
}

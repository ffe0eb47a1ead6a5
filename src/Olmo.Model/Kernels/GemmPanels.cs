namespace Olmo.Model.Kernels;

/// <summary>
/// Where the micro-kernel finds an operand. A packed operand is [depth / PanelDepth, panels, PanelDepth, lanes], in the order in which it is read; one that is read in place differs in these
/// numbers only.
/// </summary>
/// <param name="Start">Lane 0 of panel 0 at depth 0.</param>
/// <param name="Piece">Floats from a depth of PanelDepth to the next.</param>
/// <param name="Panel">Floats from a panel to the next.</param>
/// <param name="Row">Floats from one k to the next.</param>
internal readonly unsafe record struct GemmPanels(nint Start, nint Piece, nint Panel, nint Row)
{
    /// <summary>Packed panels.</summary>
    public static GemmPanels Packed(float* start, nint panels, nint depth, int lanes)
    {
        nint panel = Math.Min(depth, GemmBlocks.PanelDepth) * lanes;
        return new((nint)start, panels * panel, panel, lanes);
    }

    /// <summary>Panels side by side in rows of memory.</summary>
    public static GemmPanels InPlace(float* start, nint stride, int lanes) => new((nint)start, stride * GemmBlocks.PanelDepth, lanes, stride);

    /// <summary>Address of panel <paramref name="panel"/> at depth <paramref name="p"/>, a multiple of PanelDepth.</summary>
    public float* Address(nint panel, nint p) => (float*)Start + (p / GemmBlocks.PanelDepth * Piece) + (panel * Panel);
}

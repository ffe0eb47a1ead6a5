namespace Olmo.Model.Kernels;

/// <summary>
/// Where the micro-kernel finds an operand: panel q at Start + q * Panel, and each k of it Row floats after the one before. Packed operands and ones that are read in place
/// differ in these numbers only.
/// </summary>
/// <param name="Start">Lane 0 of panel 0 at depth 0.</param>
/// <param name="Panel">Floats from a panel to the next.</param>
/// <param name="Row">Floats from one k to the next.</param>
internal readonly unsafe record struct GemmPanels(nint Start, nint Panel, nint Row)
{
    /// <summary>Panels [depth, lanes] one after the other.</summary>
    public static GemmPanels Packed(float* start, nint depth, int lanes) => new((nint)start, depth * lanes, lanes);

    /// <summary>Side by side in rows of memory.</summary>
    public static GemmPanels InPlace(float* start, nint stride, int lanes) => new((nint)start, lanes, stride);

    /// <summary>Address of panel <paramref name="panel"/> at depth <paramref name="p"/>.</summary>
    public float* Address(nint panel, nint p) => (float*)Start + (panel * Panel) + (p * Row);
}

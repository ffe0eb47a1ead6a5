using Olmo.Model.Compute;

namespace Olmo.Model.Kernels;

/// <summary>Copies part of an operand into a panel [depth, lanes].</summary>
internal static unsafe class GemmPacking
{
    /// <summary>Packs one panel; lanes from <paramref name="count"/> on become +0.</summary>
    /// <param name="width">Instruction set.</param>
    /// <param name="depthMajor">True if a row of memory is one k.</param>
    /// <param name="source">First element.</param>
    /// <param name="stride">Elements between rows of memory.</param>
    /// <param name="count">Lanes that exist, 1 to <paramref name="lanes"/>.</param>
    /// <param name="depth">Length of k.</param>
    /// <param name="lanes">Lanes of the panel.</param>
    /// <param name="panel">Destination; up to 64 floats past its end may be overwritten.</param>
    public static void Pack(SimdWidth width, bool depthMajor, float* source, nint stride, nint count, nint depth, int lanes, float* panel)
    {
        if (depthMajor)
        {
            for (nint p = 0; p < depth; p++)
            {
                float* row = source + (p * stride);
                for (nint i = 0; i < count; i++)
                {
                    panel[i] = row[i];
                }

                for (nint i = count; i < lanes; i++)
                {
                    panel[i] = 0f;
                }

                panel += lanes;
            }
        }
        else
        {
            for (nint i = 0; i < lanes; i++)
            {
                float* row = source + (i * stride);
                for (nint p = 0; p < depth; p++)
                {
                    panel[(p * lanes) + i] = i < count ? row[p] : 0f;
                }
            }
        }
    }
}

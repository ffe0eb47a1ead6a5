using System.Diagnostics;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Olmo.Model.Compute;
using Olmo.Model.Numerics;

namespace Olmo.Model.Kernels;

/// <summary>
/// A weight [rows, columns] in the order in which y = x Wᵀ reads it: panels of <see cref="Lanes"/> rows, each [columns, lanes]; rows that do not exist are +0. In bf16 the lanes i and
/// i + lanes / 2 lie side by side, so that one 32-bit word gives both by a shift and a mask.
/// </summary>
internal static unsafe class PackedPanels
{
    /// <summary>Rows of a panel: the columns of the width's tile.</summary>
    public static int Lanes(SimdWidth width) => GemmBlocks.TileColumns(width);

    /// <summary>Place of a lane among the lanes of bf16.</summary>
    public static int PlaceOf(int lane, int lanes) => lane < lanes / 2 ? 2 * lane : (2 * (lane - (lanes / 2))) + 1;

    /// <summary>Packs panels [from, to) of a matrix [rows, columns] in fp32; <c>target</c> is its first panel.</summary>
    public static void Pack(float* source, nint rows, nint columns, int lanes, float* target, nint from, nint to)
    {
        for (nint panel = from; panel < to; panel++)
        {
            float* at = target + (panel * columns * lanes);
            for (int lane = 0; lane < lanes; lane++)
            {
                nint row = (panel * lanes) + lane;
                for (nint p = 0; p < columns; p++)
                {
                    at[(p * lanes) + lane] = row < rows ? source[(row * columns) + p] : 0f;
                }
            }
        }
    }

    /// <summary>The same in bf16: rounded to nearest, ties to even.</summary>
    public static void PackBFloat16(float* source, nint rows, nint columns, int lanes, ushort* target, nint from, nint to)
    {
        for (nint panel = from; panel < to; panel++)
        {
            ushort* at = target + (panel * columns * lanes);
            for (int lane = 0; lane < lanes; lane++)
            {
                nint row = (panel * lanes) + lane;
                int place = PlaceOf(lane, lanes);
                for (nint p = 0; p < columns; p++)
                {
                    at[(p * lanes) + place] = row < rows ? BFloat16.Round(source[(row * columns) + p]) : (ushort)0;
                }
            }
        }
    }

    /// <summary>y[t, :] = row ids[t] of a packed table, for tokens from..to.</summary>
    public static void Rows(float* table, int* ids, float* y, nint columns, int lanes, nint from, nint to)
    {
        for (nint t = from; t < to; t++)
        {
            float* lane = table + (ids[t] / lanes * columns * lanes) + (ids[t] % lanes);
            for (nint p = 0; p < columns; p++)
            {
                y[(t * columns) + p] = lane[p * lanes];
            }
        }
    }

    /// <summary>The same of a table in bf16.</summary>
    public static void RowsBFloat16(ushort* table, int* ids, float* y, nint columns, int lanes, nint from, nint to)
    {
        for (nint t = from; t < to; t++)
        {
            ushort* lane = table + (ids[t] / lanes * columns * lanes) + PlaceOf(ids[t] % lanes, lanes);
            for (nint p = 0; p < columns; p++)
            {
                y[(t * columns) + p] = BFloat16.Widen(lane[p * lanes]);
            }
        }
    }

    /// <summary>Lanes of a part of a bf16 panel as fp32, in their order.</summary>
    /// <param name="width">Instruction set; decides <paramref name="lanes"/>.</param>
    /// <param name="source">[depth, lanes]</param>
    /// <param name="depth">Length of k.</param>
    /// <param name="lanes">Rows of a panel.</param>
    /// <param name="target">[depth, lanes]</param>
    public static void WidenPanel(SimdWidth width, ushort* source, nint depth, int lanes, float* target)
    {
        if (width == SimdWidth.Avx512)
        {
            Debug.Assert(lanes == 32, "two vectors");
            for (nint p = 0; p < depth; p++)
            {
                Vector512<uint> pairs = Avx512F.LoadVector512((uint*)(source + (p * 32)));
                (pairs << 16).AsSingle().Store(target + (p * 32));
                (pairs & Vector512.Create(0xFFFF0000u)).AsSingle().Store(target + (p * 32) + 16);
            }
        }
        else
        {
            Debug.Assert(lanes == 16, "two vectors");
            for (nint p = 0; p < depth; p++)
            {
                Vector256<uint> pairs = Avx.LoadVector256((uint*)(source + (p * 16)));
                (pairs << 16).AsSingle().Store(target + (p * 16));
                (pairs & Vector256.Create(0xFFFF0000u)).AsSingle().Store(target + (p * 16) + 8);
            }
        }
    }
}

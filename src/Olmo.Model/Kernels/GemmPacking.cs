using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Olmo.Model.Compute;

namespace Olmo.Model.Kernels;

/// <summary>Copies an operand into panels [depth, lanes], one after the other; lanes that do not exist become +0. Nothing outside the panels is read or written.</summary>
internal static unsafe class GemmPacking
{
    /// <summary>Rows of memory that are read through all panels before the next ones: few enough for the address translation of 4 KiB pages.</summary>
    public const int RowsAtATime = 32;
    private const int Ahead = 64;
    private const int MaxBlock = 16;
    private const int MaxLanes = 32;

    /// <summary>Packs ceil(count / lanes) panels.</summary>
    /// <param name="width">AVX-512 or AVX2.</param>
    /// <param name="depthMajor">True if a row of memory is one k and holds all lanes; false if a row of memory is one lane and holds all k.</param>
    /// <param name="source">Lane 0 at depth 0.</param>
    /// <param name="stride">Elements between rows of memory.</param>
    /// <param name="count">Lanes that exist, at least 1.</param>
    /// <param name="depth">Length of k.</param>
    /// <param name="lanes">Lanes of a panel: the rows or columns of the width's tile.</param>
    /// <param name="panels">Destination: the first panel, [depth, lanes].</param>
    /// <param name="panelStride">Floats from a panel to the next.</param>
    public static void Pack(SimdWidth width, bool depthMajor, float* source, nint stride, nint count, nint depth, int lanes, float* panels, nint panelStride)
    {
        if (!depthMajor)
        {
            for (nint lane = 0; lane < count; lane += lanes)
            {
                Transpose(width, source + (lane * stride), stride, (int)Math.Min(lanes, count - lane), depth, lanes, panels + (lane / lanes * panelStride));
            }

            return;
        }

        for (nint p = 0; p < depth; p += RowsAtATime)
        {
            nint rows = Math.Min(RowsAtATime, depth - p);
            for (nint lane = 0; lane < count; lane += lanes)
            {
                CopyRows(source + (p * stride) + lane, stride, (int)Math.Min(lanes, count - lane), rows, lanes, panels + (lane / lanes * panelStride) + (p * lanes));
            }
        }
    }

    /// <summary>The same, rounded to bf16: each part of a panel is rounded while it is in the first-level cache.</summary>
    public static void PackRounded(SimdWidth width, bool depthMajor, float* source, nint stride, nint count, nint depth, int lanes, float* panels, nint panelStride)
    {
        nint step = depthMajor ? RowsAtATime : depth;
        for (nint p = 0; p < depth; p += step)
        {
            nint rows = Math.Min(step, depth - p);
            for (nint lane = 0; lane < count; lane += lanes)
            {
                float* from = depthMajor ? source + (p * stride) + lane : source + (lane * stride) + p;
                float* panel = panels + (lane / lanes * panelStride) + (p * lanes);
                Pack(width, depthMajor, from, stride, Math.Min(lanes, count - lane), rows, lanes, panel, panelStride);
                Rounding.ToBFloat16(width, panel, panel, null, 0, rows * lanes);
            }
        }
    }

    // Each row is asked for some lines ahead: 32 rows at a time are too many streams for the hardware to guess.
    private static void CopyRows(float* source, nint stride, int count, nint rows, int lanes, float* panel)
    {
        if (count < lanes)
        {
            for (nint p = 0; p < rows; p++)
            {
                Unsafe.CopyBlockUnaligned(panel, source, (uint)count * sizeof(float));
                Unsafe.InitBlockUnaligned(panel + count, 0, (uint)(lanes - count) * sizeof(float));
                source += stride;
                panel += lanes;
            }
        }
        else if (lanes == GemmAvx512.Columns)
        {
            for (nint p = 0; p < rows; p++)
            {
                Sse.Prefetch0(source + Ahead);
                Sse.Prefetch0(source + Ahead + 16);
                Avx512F.LoadVector512(source).Store(panel);
                Avx512F.LoadVector512(source + 16).Store(panel + 16);
                source += stride;
                panel += GemmAvx512.Columns;
            }
        }
        else if (lanes == GemmAvx512.Rows)
        {
            for (nint p = 0; p < rows; p++)
            {
                Sse.Prefetch0(source + Ahead);
                Avx.LoadVector256(source).Store(panel);
                Sse2.LoadVector128(source + 8).Store(panel + 8);
                source += stride;
                panel += GemmAvx512.Rows;
            }
        }
        else if (lanes == GemmAvx2.Columns)
        {
            for (nint p = 0; p < rows; p++)
            {
                Avx.LoadVector256(source).Store(panel);
                Avx.LoadVector256(source + 8).Store(panel + 8);
                source += stride;
                panel += GemmAvx2.Columns;
            }
        }
        else
        {
            for (nint p = 0; p < rows; p++)
            {
                Sse2.LoadVector128(source).Store(panel);
                *(long*)(panel + 4) = *(long*)(source + 4);
                source += stride;
                panel += GemmAvx2.Rows;
            }
        }
    }

    // Blocks of [lanes, 16] or [lanes, 8] are transposed in registers; a block at a border goes through memory of its own.
    [SkipLocalsInit]
    private static void Transpose(SimdWidth width, float* source, nint stride, int count, nint depth, int lanes, float* panel)
    {
        int block = width == SimdWidth.Avx512 ? GemmTranspose512.Depth : GemmTranspose256.Depth;
        nint p = 0;
        if (count == lanes)
        {
            for (; p + block <= depth; p += block)
            {
                TransposeBlock(width, source + p, stride, lanes, panel + (p * lanes));
            }
        }

        if (p == depth)
        {
            return;
        }

        float* from = stackalloc float[MaxLanes * MaxBlock];
        float* to = stackalloc float[MaxLanes * MaxBlock];
        new Span<float>(from, MaxLanes * MaxBlock).Clear();
        for (; p < depth; p += block)
        {
            nint length = Math.Min(block, depth - p);
            for (nint i = 0; i < count; i++)
            {
                Unsafe.CopyBlockUnaligned(from + (i * block), source + (i * stride) + p, (uint)length * sizeof(float));
            }

            TransposeBlock(width, from, block, lanes, to);
            Unsafe.CopyBlockUnaligned(panel + (p * lanes), to, (uint)(length * lanes) * sizeof(float));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TransposeBlock(SimdWidth width, float* source, nint stride, int lanes, float* panel)
    {
        if (lanes == GemmAvx512.Columns)
        {
            GemmTranspose512.Rows16(source, stride, panel, GemmAvx512.Columns);
            GemmTranspose512.Rows16(source + (16 * stride), stride, panel + 16, GemmAvx512.Columns);
        }
        else if (width == SimdWidth.Avx512)
        {
            GemmTranspose512.Rows12(source, stride, panel);
        }
        else if (lanes == GemmAvx2.Columns)
        {
            GemmTranspose256.Rows8(source, stride, panel, GemmAvx2.Columns);
            GemmTranspose256.Rows8(source + (8 * stride), stride, panel + 8, GemmAvx2.Columns);
        }
        else
        {
            GemmTranspose256.Rows6(source, stride, panel);
        }
    }
}

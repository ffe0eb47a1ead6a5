using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Olmo.Model.Kernels;

/// <summary>Turns rows of a head into columns of 64 lanes, so that scores are vectors over rows.</summary>
internal static unsafe class TileTranspose
{
    private const int Lanes = AttentionShape.KeyTile;

    /// <summary>transposed[c, r] = rows[r, c]; lanes from <paramref name="count"/> to 63 are 0.</summary>
    /// <param name="rows">[count, depth], rows <paramref name="stride"/> floats apart, count at most 64.</param>
    /// <param name="stride">Floats between rows.</param>
    /// <param name="count">Rows.</param>
    /// <param name="depth">Columns.</param>
    /// <param name="transposed">[depth, 64]</param>
    public static void Run(float* rows, nint stride, nint count, nint depth, float* transposed)
    {
        if (count < Lanes)
        {
            new Span<float>(transposed, (int)(depth * Lanes)).Clear();
        }

        nint r = 0;
        for (; r <= count - 8; r += 8)
        {
            nint c = 0;
            for (; c <= depth - 8; c += 8)
            {
                EightByEight(rows + (r * stride) + c, stride, transposed + (c * Lanes) + r, Lanes);
            }

            for (; c < depth; c++)
            {
                for (nint k = r; k < r + 8; k++)
                {
                    transposed[(c * Lanes) + k] = rows[(k * stride) + c];
                }
            }
        }

        for (; r < count; r++)
        {
            for (nint c = 0; c < depth; c++)
            {
                transposed[(c * Lanes) + r] = rows[(r * stride) + c];
            }
        }
    }

    /// <summary>The way back: rows[r, c] = transposed[c, r] for the first <paramref name="count"/> lanes.</summary>
    /// <param name="transposed">[depth, 64]</param>
    /// <param name="count">Rows.</param>
    /// <param name="depth">Columns.</param>
    /// <param name="rows">[count, depth]</param>
    public static void Restore(float* transposed, nint count, nint depth, float* rows)
    {
        nint c = 0;
        for (; c <= depth - 8; c += 8)
        {
            nint r = 0;
            for (; r <= count - 8; r += 8)
            {
                EightByEight(transposed + (c * Lanes) + r, Lanes, rows + (r * depth) + c, depth);
            }

            for (; r < count; r++)
            {
                for (nint k = c; k < c + 8; k++)
                {
                    rows[(r * depth) + k] = transposed[(k * Lanes) + r];
                }
            }
        }

        for (; c < depth; c++)
        {
            for (nint r = 0; r < count; r++)
            {
                rows[(r * depth) + c] = transposed[(c * Lanes) + r];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void EightByEight(float* source, nint stride, float* target, nint targetStride)
    {
        // Rows k and k + 4 share a register, so that the 4 x 4 turn inside each half ends with whole columns.
        Vector256<float> r04 = Pair(source, stride, 0);
        Vector256<float> r15 = Pair(source, stride, 1);
        Vector256<float> r26 = Pair(source, stride, 2);
        Vector256<float> r37 = Pair(source, stride, 3);
        Turn(r04, r15, r26, r37, target, targetStride);
        Turn(Pair(source + 4, stride, 0), Pair(source + 4, stride, 1), Pair(source + 4, stride, 2), Pair(source + 4, stride, 3), target + (4 * targetStride), targetStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Pair(float* source, nint stride, nint row) =>
        Avx.InsertVector128(Sse2.LoadVector128(source + (row * stride)).ToVector256Unsafe(), Sse2.LoadVector128(source + ((row + 4) * stride)), 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Turn(Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d, float* target, nint stride)
    {
        Vector256<float> ab0 = Avx.UnpackLow(a, b);
        Vector256<float> ab1 = Avx.UnpackHigh(a, b);
        Vector256<float> cd0 = Avx.UnpackLow(c, d);
        Vector256<float> cd1 = Avx.UnpackHigh(c, d);
        Avx.Shuffle(ab0, cd0, 0b01_00_01_00).Store(target);
        Avx.Shuffle(ab0, cd0, 0b11_10_11_10).Store(target + stride);
        Avx.Shuffle(ab1, cd1, 0b01_00_01_00).Store(target + (2 * stride));
        Avx.Shuffle(ab1, cd1, 0b11_10_11_10).Store(target + (3 * stride));
    }
}

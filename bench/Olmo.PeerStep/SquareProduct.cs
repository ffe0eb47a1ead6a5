using Olmo.Bench;
using Olmo.Model.Compute;
using Olmo.Model.Kernels;

namespace Olmo.PeerStep;

/// <summary>The denominator of MFU, measured as the peer's script measures its own: the fastest of twelve products of 1,536 x 1,536, six before the steps and six after them.</summary>
internal static unsafe class SquareProduct
{
    private const int Size = 1536;
    private const int Repeats = 6;
    private static readonly GemmCase Product = new("Nn", Size, Size, Size, false);

    private delegate void Multiplication(float* a, float* b, float* c);

    /// <summary>Floating-point operations per second of our own multiplication, the best of six.</summary>
    public static double Ours(int threads, TimeProvider time)
    {
        using ComputePool pool = new(threads);
        using GemmWorkspace workspace = new(pool.Threads);
        return Best((a, b, c) => Product.Multiply(pool, SimdWidths.Best, workspace, a, b, c), Repeats, time);
    }

    /// <summary>The same of OpenBLAS, the best of twelve, as it is loaded after the steps only, and the kernels that it chose; null where it is not installed.</summary>
    public static (double Flops, string Core)? OfOpenBlas(int threads, TimeProvider time)
    {
        if (OpenBlas.TryLoad() is not { } library)
        {
            return null;
        }

        library.SetThreads(threads);
        return (Best((a, b, c) => library.Multiply(in Product, a, b, c), 2 * Repeats, time), library.Core);
    }

    private static double Best(Multiplication multiply, int repeats, TimeProvider time)
    {
        using AlignedBuffer a = Filled();
        using AlignedBuffer b = Filled();
        using AlignedBuffer c = Filled();
        double best = double.MaxValue;
        for (int i = 0; i < repeats; i++)
        {
            long started = time.GetTimestamp();
            multiply(a.Pointer<float>(), b.Pointer<float>(), c.Pointer<float>());
            best = Math.Min(best, time.GetElapsedTime(started).TotalSeconds);
        }

        return Product.Flops / best;
    }

    private static AlignedBuffer Filled()
    {
        AlignedBuffer buffer = AlignedBuffer.Of<float>(Size * Size);
        for (int i = 0; i < Size * Size; i++)
        {
            buffer.Pointer<float>()[i] = (i % 17) * 0.125f;
        }

        return buffer;
    }
}

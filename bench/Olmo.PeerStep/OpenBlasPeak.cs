using Olmo.Bench;
using Olmo.Model.Compute;

namespace Olmo.PeerStep;

/// <summary>OpenBLAS's best square product, measured as the peer's script measures its own.</summary>
internal static unsafe class OpenBlasPeak
{
    private const int Size = 1536;
    private const int Repeats = 8;

    /// <summary>Floating-point operations per second and the kernels that did them; null where OpenBLAS is not installed.</summary>
    public static (double Flops, string Core)? Measure(int threads, TimeProvider time)
    {
        if (OpenBlas.TryLoad() is not { } library)
        {
            return null;
        }

        library.SetThreads(threads);
        GemmCase square = new("Nn", Size, Size, Size, false);
        using AlignedBuffer a = Filled();
        using AlignedBuffer b = Filled();
        using AlignedBuffer c = Filled();
        double best = double.MaxValue;
        for (int i = 0; i < Repeats; i++)
        {
            long started = time.GetTimestamp();
            library.Multiply(in square, a.Pointer<float>(), b.Pointer<float>(), c.Pointer<float>());
            best = Math.Min(best, time.GetElapsedTime(started).TotalSeconds);
        }

        return (square.Flops / best, library.Core);
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

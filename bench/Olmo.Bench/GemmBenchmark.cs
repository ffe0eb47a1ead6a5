using System.Globalization;
using Olmo.Model.Compute;
using Olmo.Model.Kernels;

namespace Olmo.Bench;

/// <summary>
/// GFLOP/s of <see cref="Gemm"/> and of OpenBLAS in alternation in one process. The last line is the worst ratio of best times over the training shapes.
/// </summary>
internal static unsafe class GemmBenchmark
{
    private const nint LargestOperand = 16384 * 2048;

    private const int MinSamples = 6;

    public static int Run(string[] arguments, TimeProvider time, TextWriter output)
    {
        var options = BenchmarkOptions.Parse(arguments);
        OpenBlas? peer = OpenBlas.TryLoad();
        output.WriteLine(peer is null ? "OpenBLAS: not installed" : $"OpenBLAS: {peer.Configuration}; kernels {peer.Core}");
        output.WriteLine($"width {options.Width}, {Environment.ProcessorCount} processors, GFLOP/s best (median)");
        using AlignedBuffer a = Filled(1);
        using AlignedBuffer b = Filled(2);
        using AlignedBuffer c = Filled(3);
        double worst = double.PositiveInfinity;
        string worstCase = "";
        foreach (int threads in options.Threads)
        {
            using var pool = new ComputePool(threads);
            using var workspace = new GemmWorkspace(threads);
            peer?.SetThreads(threads);
            foreach (GemmCase shape in GemmCase.All())
            {
                var name = string.Create(CultureInfo.InvariantCulture, $"{threads} threads {shape}");
                if (!name.Contains(options.Only, StringComparison.Ordinal))
                {
                    continue;
                }

                var ours = new BenchmarkSamples(time);
                var theirs = new BenchmarkSamples(time);
                long start = time.GetTimestamp();
                do
                {
                    ours.Measure(() => shape.Multiply(pool, options.Width, workspace, a.Pointer<float>(), b.Pointer<float>(), c.Pointer<float>()));
                    if (peer is not null)
                    {
                        theirs.Measure(() => peer.Multiply(in shape, a.Pointer<float>(), b.Pointer<float>(), c.Pointer<float>()));
                    }
                }
                while (time.GetElapsedTime(start).TotalSeconds < options.Seconds || ours.Count < MinSamples);

                string line = string.Create(CultureInfo.InvariantCulture, $"{name,-32} ours {Rate(shape, ours.Best),7:F1} ({Rate(shape, ours.Median),6:F1})");
                if (peer is not null)
                {
                    double ratio = theirs.Best / ours.Best;
                    line += string.Create(CultureInfo.InvariantCulture, $"   OpenBLAS {Rate(shape, theirs.Best),7:F1} ({Rate(shape, theirs.Median),6:F1})   ratio {ratio:F3} ({theirs.Median / ours.Median:F3})");
                    if (shape.M >= 64 && ratio < worst)
                    {
                        (worst, worstCase) = (ratio, name);
                    }
                }

                output.WriteLine(line);
            }
        }

        if (peer is not null)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"worst ratio to OpenBLAS {worst:F3} at {worstCase}"));
        }

        return 0;
    }

    private static double Rate(in GemmCase shape, double seconds) => shape.Flops / seconds * 1e-9;

    private static AlignedBuffer Filled(uint seed)
    {
        AlignedBuffer buffer = AlignedBuffer.Of<float>(LargestOperand);
        float* x = buffer.Pointer<float>();
        for (nint i = 0; i < LargestOperand; i++)
        {
            seed = (seed * 1664525) + 1013904223; // Numerical Recipes' generator: any plain numbers will do
            x[i] = ((int)seed) * (1f / (1L << 31));
        }

        return buffer;
    }
}

using System.Globalization;
using Olmo.Model.Compute;
using Olmo.Model.Cpu;

namespace Olmo.Bench;

/// <summary>
/// The kernel table: what each kernel of a training step achieves over what bounds it, the two in turns in one process. The last line names the worst of each kind. Exit code 1 without OpenBLAS, and where a product misses the bar.
/// </summary>
internal sealed class KernelTable(BenchmarkOptions options, TimeProvider time, TextWriter output)
{
    private const double ProductBar = 0.95;
    private const long MostCopied = 300L << 20;
    private readonly Dictionary<KernelLimit, (double Ratio, string Name)> _worst = [];

    /// <summary>Measures everything that the options ask for.</summary>
    public int Run()
    {
        OpenBlas? peer = OpenBlas.TryLoad();
        output.WriteLine(peer is null ? "OpenBLAS: not installed" : $"OpenBLAS: {peer.Configuration}; kernels {peer.Core}");
        output.WriteLine($"width {options.Width}, {Environment.ProcessorCount} processors; medians; the ratio's quartiles in parentheses");
        foreach (int threads in options.Threads)
        {
            RunThreads(threads, peer);
        }

        if (peer is null)
        {
            output.WriteLine("INVALID: OpenBLAS is not installed (libopenblas.so.0), so nothing bounds the products: apt-get install libopenblas0-pthread");
            return 1;
        }

        output.WriteLine(string.Join("; ", new[] { KernelLimit.SameProduct, KernelLimit.BestProduct, KernelLimit.Copy, KernelLimit.Read }.Where(_worst.ContainsKey).Select(Worst)));
        return _worst.TryGetValue(KernelLimit.SameProduct, out (double Ratio, string Name) product) && product.Ratio < ProductBar ? 1 : 0;
    }

    private static string Describe(KernelLimit limit) => limit switch
    {
        KernelLimit.SameProduct => "OpenBLAS",
        KernelLimit.BestProduct => "best product",
        KernelLimit.Copy => "copy",
        _ => "read",
    };

    private string Worst(KernelLimit limit)
    {
        (double ratio, string name) = _worst[limit];
        string bound = string.Create(CultureInfo.InvariantCulture, $"{ratio:F2} of ");
        return limit switch
        {
            KernelLimit.SameProduct => string.Create(CultureInfo.InvariantCulture, $"worst gemm {ratio:F3} of OpenBLAS (bar {ProductBar:F2}{(ratio < ProductBar ? ", MISSED" : "")}) at {name}"),
            KernelLimit.BestProduct => $"worst attention {bound}the best product at {name}",
            KernelLimit.Copy => $"worst of the others {bound}the copy bandwidth at {name}",
            _ => $"{bound}the read bandwidth at {name}",
        };
    }

    private void RunThreads(int threads, OpenBlas? peer)
    {
        using ComputePool pool = new(threads);
        using CpuProvider provider = new(pool, options.Width);
        using ProductKernels products = new(pool, options.Width, peer, KernelShape.All.SelectMany(s => s.Products()));
        using CopyLimit copying = new(pool, MostCopied);
        foreach (GemmCase product in KernelShape.All.SelectMany(s => s.Products()))
        {
            Row(threads, new KernelCase(product.ToString(), KernelLimit.SameProduct, product.Flops, products.Ours(product)), products.Theirs(product), product.Flops);
        }

        Action square = products.BestSquare(time);
        foreach (KernelShape shape in KernelShape.All)
        {
            using LayerKernels layer = new(provider, shape);
            Rows(pool, layer.All(), square, copying);
        }

        using StateKernels state = new(provider);
        Rows(pool, state.All(threads == 1), square, copying);
    }

    private void Rows(ComputePool pool, IEnumerable<KernelCase> kernels, Action square, CopyLimit copying)
    {
        foreach (KernelCase kernel in kernels)
        {
            switch (kernel.Limit)
            {
                case KernelLimit.BestProduct:
                    Row(pool.Threads, kernel, square, ProductKernels.SquareFlops);
                    break;
                case KernelLimit.Copy:
                    Row(pool.Threads, kernel, () => copying.Copy(kernel.Amount), CopyLimit.CopiedBytes(kernel.Amount));
                    break;
                default:
                    using (ReadLimit reading = new(pool, (long)kernel.Amount, time))
                    {
                        Row(pool.Threads, kernel, reading.Read, reading.Bytes);
                    }

                    break;
            }
        }
    }

    private void Row(int threads, KernelCase kernel, Action? limit, double limitAmount)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"{kernel.Name}, {threads} thread{(threads == 1 ? "" : "s")}");
        if (!name.Contains(options.Only, StringComparison.OrdinalIgnoreCase))
        {
            return;
        }

        if (limit is null)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-46} {kernel.Amount / PairedRatio.Call(kernel.Work, time) * 1e-9,7:F1}"));
            return;
        }

        PairedRatio times = PairedRatio.Measure(kernel.Work, limit, time, options.Seconds, options.LeastPairs);
        double scale = kernel.Amount / limitAmount; // 1 but for attention and the rounding to whole blocks
        string unit = kernel.Limit is KernelLimit.SameProduct or KernelLimit.BestProduct ? "GFLOP/s" : "GB/s";
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name,-46} {kernel.Amount / times.Ours * 1e-9,7:F1} of {limitAmount / times.Limit * 1e-9,7:F1} {unit,-7} ({Describe(kernel.Limit)}): {times.Median * scale:F3} ({times.Low * scale:F3} to {times.High * scale:F3})"));
        double ratio = times.Median * scale;
        if (!_worst.TryGetValue(kernel.Limit, out (double Ratio, string Name) worst) || ratio < worst.Ratio)
        {
            _worst[kernel.Limit] = (ratio, name);
        }
    }
}

using System.Globalization;
using BenchmarkDotNet.Attributes;
using Olmo.Model.Compute;
using Olmo.Model.Cpu;

namespace Olmo.Bench;

/// <summary>Every kernel of the table, for BenchmarkDotNet.</summary>
public class KernelBenchmarks
{
    private readonly List<IDisposable> _owned = [];
    private Action _work = () => throw new InvalidOperationException("Setup comes first.");

    /// <summary>A kernel by its name in the table.</summary>
    [ParamsSource(nameof(Names))]
    public string Kernel { get; set; } = "";

    /// <summary>Threads of the pool.</summary>
    [Params(1, 2)]
    public int Threads { get; set; }

    /// <summary>Names of all kernels.</summary>
    public static IEnumerable<string> Names()
    {
        KernelBenchmarks all = new() { Threads = 1 };
        try
        {
            return [.. all.Cases().Select(c => c.Name)];
        }
        finally
        {
            all.Cleanup();
        }
    }

    /// <summary>Makes the operands.</summary>
    [GlobalSetup]
    public void Setup() => _work = Cases().Single(c => c.Name == Kernel).Work;

    /// <summary>One call.</summary>
    [Benchmark]
    public void Call() => _work();

    /// <summary>Frees the operands.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        for (int i = _owned.Count - 1; i >= 0; i--)
        {
            _owned[i].Dispose();
        }

        _owned.Clear();
    }

    private List<KernelCase> Cases()
    {
        ComputePool pool = Own(new ComputePool(Threads));
        CpuProvider provider = Own(new CpuProvider(pool, SimdWidths.Best));
        GemmCase[] products = [.. KernelShape.All.SelectMany(s => s.Products())];
        ProductKernels kernels = Own(new ProductKernels(pool, SimdWidths.Best, null, products));
        return
        [
            .. products.Select(p => new KernelCase(string.Create(CultureInfo.InvariantCulture, $"{p}"), KernelLimit.SameProduct, p.Flops, kernels.Ours(p))),
            .. KernelShape.All.SelectMany(s => Own(new LayerKernels(provider, s)).All()),
            .. Own(new StateKernels(provider)).All(isOneThread: true),
        ];
    }

    private T Own<T>(T value)
        where T : IDisposable
    {
        _owned.Add(value);
        return value;
    }
}

using System.Globalization;
using Olmo.Gpu.Devices;
using Olmo.Model.Tensors;

namespace Olmo.Gpu.Training;

/// <summary>What this device does at most: a square product of random numbers and a copy, both by the provider.</summary>
/// <param name="ProductFlops">Operations per second of the fastest form of the product.</param>
/// <param name="ProductForm">Types of x, W and y in that form.</param>
/// <param name="CopyBytes">Bytes read and written per second.</param>
internal sealed record Ceilings(double ProductFlops, string ProductForm, double CopyBytes)
{
    private const int Rounds = 5;
    private const double SecondsOfRound = 0.02;

    /// <summary>As a line.</summary>
    public string Text => FormattableString.Invariant($"ceilings: square product {ProductFlops / 1e12:0.0} TFLOP/s ({ProductForm}), copy {CopyBytes / 1e9:0} GB/s read and written");

    /// <summary>Measures both.</summary>
    public static Ceilings Of(ComputeDevice device, CommandLine options, TimeProvider time)
    {
        int size = options.Number("product");
        (double flops, string form) = Product(device, size, options.Text("precision") == "fp32", time);
        return new Ceilings(flops, string.Create(CultureInfo.InvariantCulture, $"{size}³, {form}"), Copy(device, (long)options.Number("copy-mib") << 20, time));
    }

    /// <summary>Seconds of one call: the median over rounds of many calls, each round waited for once.</summary>
    public static double SecondsOf(ComputeDevice device, TimeProvider time, Action call)
    {
        call();
        device.Wait();
        double once = Round(1);
        int calls = (int)Math.Clamp(SecondsOfRound / Math.Max(once, 1e-7), 1.0, 2000.0);
        double[] seconds = new double[Rounds];
        for (int r = 0; r < Rounds; r++)
        {
            seconds[r] = Round(calls) / calls;
        }

        Array.Sort(seconds);
        return seconds[Rounds / 2];

        double Round(int count)
        {
            long started = time.GetTimestamp();
            for (int i = 0; i < count; i++)
            {
                call();
            }

            device.Wait();
            return time.GetElapsedTime(started).TotalSeconds;
        }
    }

    // In the forms that a step could use; the fastest is the ceiling.
    private static (double Flops, string Form) Product(ComputeDevice device, int size, bool single, TimeProvider time)
    {
        using RandomBlock random = new(device.Provider, 1.0);
        (double best, string form) = (0.0, "none");
        (DType, DType, DType)[] forms = single
            ? [(DType.F32, DType.F32, DType.F32)]
            : [(DType.BF16, DType.BF16, DType.BF16), (DType.BF16, DType.BF16, DType.F32), (DType.BF16, DType.F32, DType.BF16), (DType.F32, DType.F32, DType.F32)];
        foreach ((DType x, DType w, DType y) in forms)
        {
            BufferPlan plan = new();
            TensorSlot[] slots = [plan.Add("x", x, new Shape(size, size)), plan.Add("weight", w, new Shape(size, size)), plan.Add("y", y, new Shape(size, size))];
            using BufferSet memory = device.Provider.Allocate(plan);
            random.Fill(memory[slots[0]]);
            random.Fill(memory[slots[1]]);
            Tensor weight = w == DType.F32 && !single ? memory[slots[1]].SeenAsBFloat16() : memory[slots[1]];
            try
            {
                double flops = 2.0 * size * size * size / SecondsOf(device, time, () => device.Provider.Linear(memory[slots[0]], weight, memory[slots[2]]));
                if (flops > best)
                {
                    (best, form) = (flops, $"{x} {(weight.IsSeenAsBFloat16 ? "F32 seen as BF16" : w)} {y}");
                }
            }
            catch (Exception e) when (e is ArgumentException or NotSupportedException or InvalidOperationException)
            {
                // The provider has no such product.
            }
        }

        return (best, form);
    }

    private static double Copy(ComputeDevice device, long bytes, TimeProvider time)
    {
        BufferPlan plan = new();
        Shape shape = new(bytes / sizeof(float));
        TensorSlot from = plan.Add("source", DType.F32, shape);
        TensorSlot to = plan.Add("destination", DType.F32, shape);
        using BufferSet memory = device.Provider.Allocate(plan);
        using RandomBlock random = new(device.Provider, 1.0);
        random.Fill(memory[from]);
        return 2.0 * bytes / SecondsOf(device, time, () => device.Provider.Copy(memory[from], memory[to]));
    }
}

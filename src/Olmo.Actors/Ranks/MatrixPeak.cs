using Olmo.Model.Tensors;

namespace Olmo.Actors.Ranks;

/// <summary>Measures the best matrix product of this machine, the denominator of MFU.</summary>
internal static class MatrixPeak
{
    private const int SmallestSize = 512;
    private const int MostRepeats = 64;
    private static readonly TimeSpan LongestSize = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Floating-point operations per second of the fastest of square products of a few sizes. A larger one is faster; of the smallest one some are over between two interruptions, where several
    /// ranks start at once on the same processors.
    /// </summary>
    /// <param name="provider">The device.</param>
    /// <param name="wanted">Type of the factors where the device has it, else F32; the sums are fp32.</param>
    /// <param name="time">Clock.</param>
    /// <param name="abort">Ends it.</param>
    public static double Measure(ITensorProvider provider, DType wanted, TimeProvider time, CancellationToken abort)
    {
        DType type = DeviceTraits.Of(provider).WorkingTypeOf(wanted);
        double best = 0;
        TimeSpan shortest = TimeSpan.Zero;
        int repeats = MostRepeats;
        for (int size = SmallestSize; size <= 2 * provider.LeastProductRows && shortest < LongestSize / 4; size *= 2)
        {
            shortest = Shortest(provider, type, size, repeats, time, abort);
            best = Math.Max(best, 2.0 * size * size * size / shortest.TotalSeconds);
            repeats = MostRepeats / 8;
        }

        return best;
    }

    private static TimeSpan Shortest(ITensorProvider provider, DType type, int size, int repeats, TimeProvider time, CancellationToken abort)
    {
        BufferPlan plan = new();
        TensorSlot a = plan.Add("a", type, new Shape(size, size));
        TensorSlot b = plan.Add("b", type, new Shape(size, size));
        TensorSlot c = plan.Add("c", type, new Shape(size, size));
        TensorSlot d = plan.Add("d", DType.F32, new Shape(1));
        using BufferSet memory = provider.Allocate(plan);
        float[] value = new float[1];
        TimeSpan shortest = TimeSpan.MaxValue;
        long began = time.GetTimestamp();
        for (int i = 0; i < repeats && (i == 0 || time.GetElapsedTime(began) < LongestSize); i++)
        {
            abort.ThrowIfCancellationRequested();
            long started = time.GetTimestamp();
            provider.Linear(memory[a], memory[b], memory[c]);
            provider.Read(memory[d], value.AsSpan()); // waits for the device
            TimeSpan taken = time.GetElapsedTime(started);
            shortest = taken < shortest ? taken : shortest;
        }

        return shortest;
    }
}

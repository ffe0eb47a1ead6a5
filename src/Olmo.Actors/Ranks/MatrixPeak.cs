using Olmo.Model.Tensors;

namespace Olmo.Actors.Ranks;

/// <summary>Measures the best matrix product of this machine, the denominator of MFU.</summary>
internal static class MatrixPeak
{
    // The larger one is the faster; of the smaller one some are over between two interruptions, where several ranks start at once on the same processors.
    private static readonly (int Size, int Repeats)[] Products = [(1024, 8), (512, 64)];

    /// <summary>Floating-point operations per second of the fastest of a few square products.</summary>
    public static double Measure(ITensorProvider provider, TimeProvider time, CancellationToken abort)
    {
        double best = 0;
        foreach ((int size, int repeats) in Products)
        {
            BufferPlan plan = new();
            TensorSlot a = plan.Add("a", DType.F32, new Shape(size, size));
            TensorSlot b = plan.Add("b", DType.F32, new Shape(size, size));
            TensorSlot c = plan.Add("c", DType.F32, new Shape(size, size));
            using BufferSet memory = provider.Allocate(plan);
            float[] row = new float[size];
            for (int i = 0; i < repeats; i++)
            {
                abort.ThrowIfCancellationRequested();
                long started = time.GetTimestamp();
                provider.Linear(memory[a], memory[b], memory[c]);
                provider.Read(memory[c].RowRange(0, 1), row.AsSpan()); // waits for the device
                best = Math.Max(best, 2.0 * size * size * size / time.GetElapsedTime(started).TotalSeconds);
            }
        }

        return best;
    }
}

using Olmo.Model.Tensors;

namespace Olmo.Actors.Ranks;

/// <summary>Measures the best matrix product of this machine, the denominator of MFU.</summary>
internal static class MatrixPeak
{
    private const int Size = 1024;
    private const int Repeats = 8;

    /// <summary>Floating-point operations per second of the fastest of a few square products.</summary>
    public static double Measure(ITensorProvider provider, TimeProvider time, CancellationToken abort)
    {
        BufferPlan plan = new();
        TensorSlot a = plan.Add("a", DType.F32, new Shape(Size, Size));
        TensorSlot b = plan.Add("b", DType.F32, new Shape(Size, Size));
        TensorSlot c = plan.Add("c", DType.F32, new Shape(Size, Size));
        using BufferSet memory = provider.Allocate(plan);
        float[] row = new float[Size];
        double best = double.MaxValue;
        for (int i = 0; i < Repeats; i++)
        {
            abort.ThrowIfCancellationRequested();
            long started = time.GetTimestamp();
            provider.Linear(memory[a], memory[b], memory[c]);
            provider.Read(memory[c].RowRange(0, 1), row.AsSpan()); // waits for the device
            best = Math.Min(best, time.GetElapsedTime(started).TotalSeconds);
        }

        return 2.0 * Size * Size * Size / best;
    }
}

namespace Olmo.Bench;

/// <summary>Durations of one piece of work, in seconds a call.</summary>
internal sealed class BenchmarkSamples(TimeProvider time)
{
    // A batch is long against a time slice of whoever else spins on this processor; single calls inside it are what is kept.
    private static readonly TimeSpan Batch = TimeSpan.FromMilliseconds(40);

    private readonly List<double> _seconds = [];

    /// <summary>Calls that were measured.</summary>
    public int Count => _seconds.Count;

    /// <summary>The fastest call.</summary>
    public double Best => _seconds.Min();

    /// <summary>The median call.</summary>
    public double Median
    {
        get
        {
            double[] sorted = [.. _seconds.Order()];
            return sorted[sorted.Length / 2];
        }
    }

    /// <summary>Calls it again and again for one batch, after one call that is not counted.</summary>
    public void Measure(Action work)
    {
        work();
        long start = time.GetTimestamp();
        do
        {
            long before = time.GetTimestamp();
            work();
            _seconds.Add(time.GetElapsedTime(before).TotalSeconds);
        }
        while (time.GetElapsedTime(start) < Batch);
    }
}

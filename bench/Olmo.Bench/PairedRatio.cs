namespace Olmo.Bench;

/// <summary>
/// Two pieces of work in turns, and the ratio of their times. A machine whose speed drifts is the same for both halves of a pair, so the median of the pairs' ratios is steadier than a ratio of
/// two medians, and that than one of best times.
/// </summary>
/// <param name="Ours">Median seconds of a call of the first.</param>
/// <param name="Limit">Median seconds of a call of the second.</param>
/// <param name="Median">Median of second over first.</param>
/// <param name="Low">First quartile of these ratios.</param>
/// <param name="High">Third quartile.</param>
internal readonly record struct PairedRatio(double Ours, double Limit, double Median, double Low, double High)
{
    // Long against a time slice of whoever else is on this processor; the median call of a batch is what counts.
    private static readonly TimeSpan Batch = TimeSpan.FromMilliseconds(15);

    /// <summary>Measures pairs, every second one the other way round, for so many seconds and not fewer than <paramref name="least"/>.</summary>
    public static PairedRatio Measure(Action ours, Action limit, TimeProvider time, double seconds, int least)
    {
        List<double> first = [];
        List<double> second = [];
        long start = time.GetTimestamp();
        do
        {
            if (first.Count % 2 == 0)
            {
                first.Add(Call(ours, time));
                second.Add(Call(limit, time));
            }
            else
            {
                second.Add(Call(limit, time));
                first.Add(Call(ours, time));
            }
        }
        while (first.Count < least || time.GetElapsedTime(start).TotalSeconds < seconds);

        double[] ratios = [.. second.Zip(first, (l, o) => l / o).Order()];
        return new PairedRatio(MedianOf(first), MedianOf(second), ratios[ratios.Length / 2], ratios[ratios.Length / 4], ratios[ratios.Length * 3 / 4]);
    }

    /// <summary>Median seconds of a call in one batch, after one call that is not counted: it wakes threads and brings memory.</summary>
    public static double Call(Action work, TimeProvider time)
    {
        work();
        List<double> calls = [];
        long start = time.GetTimestamp();
        do
        {
            long before = time.GetTimestamp();
            work();
            calls.Add(time.GetElapsedTime(before).TotalSeconds);
        }
        while (time.GetElapsedTime(start) < Batch);

        return MedianOf(calls);
    }

    private static double MedianOf(List<double> values) => values.Order().ElementAt(values.Count / 2);
}

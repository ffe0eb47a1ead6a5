using System.Globalization;

namespace Olmo.Conformance.Models;

/// <summary>Comparisons of one kind: how many were made, how many were within their bounds, the worst relative error, and what was out of bounds.</summary>
internal sealed class Measure
{
    private readonly List<string> _misses = [];

    public int Total { get; private set; }

    public int Within => Total - _misses.Count;

    public double Worst { get; private set; }

    public IReadOnlyList<string> Misses => _misses;

    /// <summary>One comparison.</summary>
    /// <param name="what">Case and quantity.</param>
    /// <param name="error">What the bound is about; NaN is out of every bound.</param>
    /// <param name="bound">Largest error allowed.</param>
    /// <param name="relative">The error as it is shown.</param>
    public void Add(string what, double error, double bound, double relative)
    {
        Total++;
        Worst = double.IsNaN(relative) ? double.NaN : Math.Max(Worst, relative);
        if (!(error <= bound))
        {
            _misses.Add(string.Create(CultureInfo.InvariantCulture, $"{what}: {error:0.00e+0}, the bound is {bound:0.00e+0}"));
        }
    }

    /// <summary>A number against the reference's, bound relative to it.</summary>
    public void AddRelative(string what, double expected, double actual, double bound)
    {
        double relative = Math.Abs(expected - actual) / Math.Abs(expected);
        Add(what, relative, bound, relative);
    }

    /// <summary>Numbers against the reference's.</summary>
    /// <param name="what">Case and quantity.</param>
    /// <param name="expected">The reference's.</param>
    /// <param name="actual">Ours.</param>
    /// <param name="bound">Largest difference allowed; null: <paramref name="ofLargest"/> decides.</param>
    /// <param name="ofLargest">Largest difference allowed, over the largest magnitude of <paramref name="expected"/>.</param>
    public void AddAll(string what, ReadOnlySpan<double> expected, ReadOnlySpan<double> actual, double? bound, double ofLargest = 0.0)
    {
        double largest = 0.0;
        double difference = expected.Length == actual.Length ? 0.0 : double.NaN;
        for (int i = 0; i < Math.Min(expected.Length, actual.Length); i++)
        {
            largest = Math.Max(largest, Math.Abs(expected[i]));
            double d = Math.Abs(expected[i] - actual[i]);
            difference = d > difference || double.IsNaN(d) ? d : difference;
        }

        Add(what, difference, bound ?? (ofLargest * largest), difference / largest);
    }

    /// <summary>Something that is equal or not.</summary>
    public void AddEqual(string what, bool isEqual)
    {
        Total++;
        if (!isEqual)
        {
            _misses.Add($"{what}: differs");
        }
    }

    /// <summary>As a cell: the worst error, or a dash where nothing was compared.</summary>
    public string Error => Total == 0 ? "-" : Worst.ToString("0.0e+0", CultureInfo.InvariantCulture) + Mark;

    /// <summary>As a cell: how many were equal.</summary>
    public string Count => Total == 0 ? "-" : string.Create(CultureInfo.InvariantCulture, $"{Within} of {Total}") + Mark;

    private string Mark => Within == Total ? "" : " !";
}

namespace Olmo.Conformance;

/// <summary>Counts cases and prints the first that differ.</summary>
internal sealed class Tally(TextWriter output)
{
    private const int PrintedMax = 20;

    public int Exact { get; private set; }

    public int Total { get; private set; }

    public void Check(string name, bool exact)
    {
        Total++;
        Exact += exact ? 1 : 0;
        if (!exact && Total - Exact <= PrintedMax)
        {
            output.WriteLine($"differs: {name}");
        }
    }

    /// <summary>Prints one line for a group of cases that <paramref name="run"/> checks.</summary>
    public void Group(string name, Action run)
    {
        int exact = Exact;
        int total = Total;
        run();
        output.WriteLine($"{name,-44} {Exact - exact,6} of {Total - total}");
    }
}

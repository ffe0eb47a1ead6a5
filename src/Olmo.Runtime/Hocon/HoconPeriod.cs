namespace Olmo.Runtime.Hocon;

/// <summary>A span of calendar time; its length in seconds depends on where it starts.</summary>
public readonly record struct HoconPeriod(int Years, int Months, int Days)
{
    /// <summary>ISO 8601, as in <c>P21D</c>.</summary>
    public override string ToString()
    {
        string text = (Years != 0 ? $"{Years}Y" : "") + (Months != 0 ? $"{Months}M" : "") + (Days != 0 ? $"{Days}D" : "");
        return text.Length == 0 ? "P0D" : "P" + text;
    }
}

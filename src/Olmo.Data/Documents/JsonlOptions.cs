namespace Olmo.Data.Documents;

/// <summary>How JSON lines become documents.</summary>
public sealed record JsonlOptions
{
    /// <summary>Field with the text; dots descend into objects.</summary>
    public string TextField { get; init; } = "text";

    /// <summary>Field with the id; where a line lacks it the id is "file:line".</summary>
    public string IdField { get; init; } = "id";

    /// <summary>Field with the source; where a line lacks it the source is the file.</summary>
    public string SourceField { get; init; } = "source";

    /// <summary>Broken lines are counted and skipped instead of being an error.</summary>
    public bool SkipBrokenLines { get; init; }

    /// <summary>A longer line is an error, in bytes.</summary>
    public int MaximumLineBytes { get; init; } = 256 << 20;
}

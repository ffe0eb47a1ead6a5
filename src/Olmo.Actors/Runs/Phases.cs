namespace Olmo.Actors.Runs;

/// <summary>Names of the moments that <see cref="IPhaseProbe"/> sees.</summary>
public static class Phases
{
    /// <summary>The tokenizer is being trained.</summary>
    public const string Tokenizer = "tokenizer";

    /// <summary>Documents are being turned into token files.</summary>
    public const string Data = "data";

    /// <summary>A step begins.</summary>
    public const string Step = "step";

    /// <summary>A shard file is about to be written.</summary>
    public const string ShardWrite = "shard-write";

    /// <summary>Every shard and the manifest are written, the row is not.</summary>
    public const string ManifestWritten = "manifest-written";

    /// <summary>The row that makes the checkpoint count is written.</summary>
    public const string RowWritten = "row-written";

    /// <summary>The last step is committed; evaluation and export are on.</summary>
    public const string Finish = "finish";
}

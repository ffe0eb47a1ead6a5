namespace Olmo.Actors.Runs;

/// <summary>Names of the moments that <see cref="IPhaseProbe"/> sees.</summary>
public static class Phases
{
    /// <summary>The tokenizer is being trained.</summary>
    public const string Tokenizer = "tokenizer";

    /// <summary>Documents are being turned into token files.</summary>
    public const string Data = "data";

    /// <summary>A batch is about to be read.</summary>
    public const string Load = "load";

    /// <summary>A step begins.</summary>
    public const string Step = "step";

    /// <summary>The state is about to be copied for a checkpoint.</summary>
    public const string Stage = "stage";

    /// <summary>A shard file is about to be written.</summary>
    public const string ShardWrite = "shard-write";

    /// <summary>A drill is in the middle of a shard file.</summary>
    public const string Put = "put";

    /// <summary>A rank's shards of a checkpoint are written and it is about to say so.</summary>
    public const string ShardsWritten = "shards-written";

    /// <summary>Every shard and the manifest are written, the row is not.</summary>
    public const string ManifestWritten = "manifest-written";

    /// <summary>The row that makes the checkpoint count is written.</summary>
    public const string RowWritten = "row-written";

    /// <summary>The last step is committed; evaluation and export are on.</summary>
    public const string Finish = "finish";

    /// <summary>A rank of a world waits for the world of the step, or for its data.</summary>
    public const string Wait = "wait";

    /// <summary>A group's forward pass begins.</summary>
    public const string Forward = "forward";

    /// <summary>A layer's gradient is whole in the backward pass of a run's last group.</summary>
    public const string Backward = "backward";

    /// <summary>Sums of a layer are about to be sent.</summary>
    public const string Sums = "sums";

    /// <summary>A rank's groups of an audited step are computed, and nobody has announced.</summary>
    public const string Audit = "audit";

    /// <summary>A rank's sums are whole and it is about to announce its shards.</summary>
    public const string Summed = "summed";

    /// <summary>A rank has announced its shards and is about to tell the others.</summary>
    public const string Announced = "announced";

    /// <summary>A rank has told one other of its announcements.</summary>
    public const string Told = "told";

    /// <summary>A rank has the full set of announcements and is about to apply the step.</summary>
    public const string Applying = "applying";

    /// <summary>A step is applied and its parameters are about to be gathered.</summary>
    public const string Gather = "gather";

    /// <summary>State or parameters come from another rank.</summary>
    public const string Transfer = "transfer";

    /// <summary>A rank is about to give a shard's state to another.</summary>
    public const string Donate = "donate";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        Tokenizer, Data, Load, Step, Stage, ShardWrite, Put, ShardsWritten, ManifestWritten, RowWritten, Finish, Wait, Forward, Backward, Sums, Audit, Summed, Announced, Told, Applying, Gather,
        Transfer, Donate,
    ];
}

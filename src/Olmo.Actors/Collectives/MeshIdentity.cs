namespace Olmo.Actors.Collectives;

/// <summary>Which mesh a rank opens, and as whom.</summary>
/// <param name="Run">Name of the run.</param>
/// <param name="Generation">World.</param>
/// <param name="Self">Own position.</param>
/// <param name="Secret">Key of the generation's handshakes, at least <see cref="MinSecretBytes"/> bytes; the same on all ranks, never used for another generation.</param>
public sealed record MeshIdentity(string Run, long Generation, int Self, ReadOnlyMemory<byte> Secret)
{
    /// <summary>Fewest bytes of a secret.</summary>
    public const int MinSecretBytes = 16;

    /// <summary>Without the secret.</summary>
    public override string ToString() => $"run '{Run}', generation {Generation}, position {Self}";
}

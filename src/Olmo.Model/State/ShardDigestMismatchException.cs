namespace Olmo.Model.State;

/// <summary>The bytes of a shard file do not have the SHA-256 that its manifest names. What was read into the state is not to be used.</summary>
public sealed class ShardDigestMismatchException(string file, string expected, string found)
    : Exception($"'{file}' has SHA-256 {found}, {expected} was written.")
{
    public string File { get; } = file;

    public string Expected { get; } = expected;

    public string Found { get; } = found;
}

namespace Olmo.Model.State;

/// <summary>What was written, for the manifest and the content-addressed name.</summary>
/// <param name="Shard">Shard.</param>
/// <param name="Sha256">Of all bytes, lower-case hexadecimal.</param>
/// <param name="LengthBytes">Bytes.</param>
public sealed record ShardFileInfo(int Shard, string Sha256, long LengthBytes);

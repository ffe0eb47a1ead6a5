namespace Olmo.Runtime.Storage;

/// <summary>A snapshot as it is stored.</summary>
/// <param name="SequenceNr">Number of the last event that it holds.</param>
/// <param name="CreatedAt">When it was taken.</param>
/// <param name="Manifest">Contract and version, <c>name:version</c>.</param>
/// <param name="Payload">JSON, UTF-8.</param>
public sealed record StoredSnapshot(long SequenceNr, DateTimeOffset CreatedAt, string Manifest, ReadOnlyMemory<byte> Payload);

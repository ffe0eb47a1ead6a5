namespace Olmo.Runtime.Storage;

/// <summary>An event as it is stored.</summary>
/// <param name="SequenceNr">Number, from 1, per persistence id.</param>
/// <param name="Manifest">Contract and version, <c>name:version</c>.</param>
/// <param name="Payload">JSON, UTF-8.</param>
public sealed record StoredEvent(long SequenceNr, string Manifest, ReadOnlyMemory<byte> Payload);

using System.Text.Json.Serialization.Metadata;

namespace Olmo.Actors.Contracts;

/// <summary>An event that the journal may hold: its name, version and how it is written. Names are never reused, and a change of meaning is a new version.</summary>
public sealed record JournalContract(string Name, int Version, JsonTypeInfo Json);

namespace Olmo.Actors.ObjectStorage;

/// <summary>An entry of a listing.</summary>
/// <param name="Name">Relative name with <c>/</c> between its parts.</param>
/// <param name="LengthBytes">Length in bytes.</param>
/// <param name="WrittenAt">When it was written, by the storage's clock.</param>
public sealed record StoredObject(string Name, long LengthBytes, DateTimeOffset WrittenAt);

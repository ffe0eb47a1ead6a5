namespace Olmo.Actors.ObjectStorage;

/// <summary>The device has no room left for an object; nothing of it was kept.</summary>
public sealed class StorageFullException(string name, string folder, long freeBytes, Exception inner)
    : IOException($"No room to write '{name}' in '{folder}': {freeBytes:N0} bytes are free. The older checkpoints are kept.", inner)
{
    /// <summary>Name of the object that found no room.</summary>
    public string Name { get; } = name;

    /// <summary>Bytes that were free when the write failed.</summary>
    public long FreeBytes { get; } = freeBytes;
}

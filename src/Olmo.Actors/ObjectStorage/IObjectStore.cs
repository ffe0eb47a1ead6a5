namespace Olmo.Actors.ObjectStorage;

/// <summary>
/// Where shard files and manifests live. A name is a relative path with <c>/</c> between its parts. There is no rename and no append, so that an
/// object store can stand behind it. Every method may be called from any thread.
/// </summary>
public interface IObjectStore : IObjectReader
{
    /// <summary>
    /// Writes an object whole or not at all: it is durable under its name when the task ends, and absent (or untouched) when the task fails.
    /// An existing object is never overwritten.
    /// </summary>
    /// <param name="name">Name of the object.</param>
    /// <param name="write">Writes the content, front to back; called at most once, on the calling thread.</param>
    /// <param name="cancellationToken">Ends the write; nothing is left behind.</param>
    /// <returns>Whether the object was written or stood there already.</returns>
    /// <exception cref="StorageFullException">The device has no room left.</exception>
    /// <exception cref="IOException">Any other failure of the device.</exception>
    PutOutcome PutIfAbsent(string name, Action<Stream> write, CancellationToken cancellationToken = default);

    /// <summary>Objects whose name starts with <paramref name="prefix"/>, in ordinal order of their names.</summary>
    IReadOnlyList<StoredObject> List(string prefix);

    /// <summary>Deletes an object; deleting an absent one is no error.</summary>
    void Delete(string name);

    /// <summary>Takes a bad object out of the way for a person to look at: it is kept under the name that is returned and no longer stands under its own.</summary>
    /// <exception cref="FileNotFoundException">There is no object of that name.</exception>
    string SetAside(string name);

    /// <summary>Removes what writers left half-written and have not touched since <paramref name="before"/>: they died.</summary>
    /// <returns>Number of pieces removed.</returns>
    int RemoveUnfinished(DateTimeOffset before);
}

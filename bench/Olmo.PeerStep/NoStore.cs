using Olmo.Actors.ObjectStorage;

namespace Olmo.PeerStep;

/// <summary>The store of a rank that stores nothing.</summary>
internal sealed class NoStore : IObjectStore
{
    public PutOutcome PutIfAbsent(string name, Action<Stream> write, CancellationToken cancellationToken = default) => throw new IOException("this bench stores nothing");

    public Stream OpenRead(string name) => throw new FileNotFoundException("this bench stores nothing", name);

    public long? LengthOf(string name) => null;

    public int RemoveUnfinished(DateTimeOffset before) => 0;

    public IReadOnlyList<StoredObject> List(string prefix) => [];

    public void Delete(string name)
    {
    }

    public string SetAside(string name) => throw new FileNotFoundException("this bench stores nothing", name);
}

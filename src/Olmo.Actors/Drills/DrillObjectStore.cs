using Olmo.Actors.ObjectStorage;
using Olmo.Actors.Runs;

namespace Olmo.Actors.Drills;

/// <summary>
/// A store whose puts are places of the drill: <see cref="Phases.Put"/> in the middle of a file, <see cref="DrillAct.FlipShard"/> and <see cref="DrillAct.DiskFull"/>. The step is the
/// one of which shards were last said to be written.
/// </summary>
public sealed class DrillObjectStore(IObjectStore store, IDrill drill) : IObjectStore, IPhaseProbe
{
    private long _step;

    /// <inheritdoc />
    public void Reached(string phase, long step)
    {
        if (phase == Phases.ShardWrite)
        {
            Volatile.Write(ref _step, step);
        }
    }

    /// <inheritdoc />
    public PutOutcome PutIfAbsent(string name, Action<Stream> write, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(write);
        if (!name.StartsWith("shards/", StringComparison.Ordinal))
        {
            return store.PutIfAbsent(name, write, cancellationToken);
        }

        return store.PutIfAbsent(name, stream => write(new DrillStream(stream, drill, Volatile.Read(ref _step))), cancellationToken);
    }

    /// <inheritdoc />
    public Stream OpenRead(string name) => store.OpenRead(name);

    /// <inheritdoc />
    public long? LengthOf(string name) => store.LengthOf(name);

    /// <inheritdoc />
    public IReadOnlyList<StoredObject> List(string prefix) => store.List(prefix);

    /// <inheritdoc />
    public void Delete(string name) => store.Delete(name);

    /// <inheritdoc />
    public string SetAside(string name) => store.SetAside(name);

    /// <inheritdoc />
    public int RemoveUnfinished(DateTimeOffset before) => store.RemoveUnfinished(before);
}

using Olmo.Actors.ObjectStorage;

namespace Olmo.TestKit.ObjectStorage;

/// <summary>
/// An object store in memory with injected faults: a hook that sees every call before it happens and may throw, and bytes that can be flipped. Outlives the
/// actors of a test, as a disk outlives a process.
/// </summary>
public sealed class MemoryObjectStore(TimeProvider time) : IObjectStore
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, (byte[] Bytes, DateTimeOffset At)> _objects = new(StringComparer.Ordinal);

    /// <summary>Called with the operation (<c>put</c>, <c>read</c>, <c>list</c>, <c>delete</c>, <c>set-aside</c>) and the name before each call; throws to inject a fault.</summary>
    public Action<string, string>? Fault { get; set; }

    /// <inheritdoc />
    public PutOutcome PutIfAbsent(string name, Action<Stream> write, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(write);
        Fault?.Invoke("put", name);
        using MemoryStream stream = new();
        write(stream);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return _objects.TryAdd(name, (stream.ToArray(), time.GetUtcNow())) ? PutOutcome.Written : PutOutcome.AlreadyThere;
        }
    }

    /// <inheritdoc />
    public Stream OpenRead(string name)
    {
        Fault?.Invoke("read", name);
        lock (_lock)
        {
            return _objects.TryGetValue(name, out (byte[] Bytes, DateTimeOffset At) found)
                ? new MemoryStream(found.Bytes, writable: false)
                : throw new FileNotFoundException($"no object '{name}'", name);
        }
    }

    /// <inheritdoc />
    public long? LengthOf(string name)
    {
        lock (_lock)
        {
            return _objects.TryGetValue(name, out (byte[] Bytes, DateTimeOffset At) found) ? found.Bytes.Length : null;
        }
    }

    /// <inheritdoc />
    public int RemoveUnfinished(DateTimeOffset before) => 0; // a put is one step here

    /// <inheritdoc />
    public IReadOnlyList<StoredObject> List(string prefix)
    {
        Fault?.Invoke("list", prefix);
        lock (_lock)
        {
            return [.. _objects.Where(o => o.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(o => new StoredObject(o.Key, o.Value.Bytes.Length, o.Value.At))];
        }
    }

    /// <inheritdoc />
    public void Delete(string name)
    {
        Fault?.Invoke("delete", name);
        lock (_lock)
        {
            _objects.Remove(name);
        }
    }

    /// <inheritdoc />
    public string SetAside(string name)
    {
        Fault?.Invoke("set-aside", name);
        lock (_lock)
        {
            if (!_objects.Remove(name, out (byte[] Bytes, DateTimeOffset At) found))
            {
                throw new FileNotFoundException($"no object '{name}'", name);
            }

            string aside = "aside/" + name;
            _objects[aside] = found;
            return aside;
        }
    }

    /// <summary>Names that start with a prefix, in ordinal order, without passing the fault hook.</summary>
    public IReadOnlyList<string> Names(string prefix)
    {
        lock (_lock)
        {
            return [.. _objects.Keys.Where(name => name.StartsWith(prefix, StringComparison.Ordinal))];
        }
    }

    /// <summary>Content of an object, without passing the fault hook.</summary>
    public byte[] Bytes(string name)
    {
        lock (_lock)
        {
            return [.. _objects[name].Bytes];
        }
    }

    /// <summary>Flips one bit of an object, as a bad disk does.</summary>
    public void FlipBit(string name, int position)
    {
        lock (_lock)
        {
            byte[] bytes = _objects[name].Bytes;
            bytes[position / 8 % bytes.Length] ^= (byte)(1 << (position % 8));
        }
    }
}

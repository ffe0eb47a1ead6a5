namespace Olmo.Actors.ObjectStorage;

/// <summary>
/// Objects as files below a folder. A put writes a temporary file, flushes it, links it under its name (which fails if the name is taken) and
/// flushes the folder; a process that dies on the way leaves a temporary file, which the writer's next start or the collection of garbage removes.
/// </summary>
public sealed class LocalObjectStore : IObjectStore
{
    private const string TemporaryFolder = ".writing";
    private const string AsideFolder = ".aside";
    private readonly string _root;
    private readonly TimeProvider _time;
    private readonly LocalObjectReader _reader;
    private readonly string _writing;
    private readonly bool _isAtomic;
    private long _temporaries;
    private byte[]? _buffer; // the last writer's, for the next

    /// <summary>Opens the store and removes what an earlier process of the same writer left half-written.</summary>
    /// <param name="root">Folder of the store; made if absent.</param>
    /// <param name="time">Stamps the names of objects that are set aside.</param>
    /// <param name="writer">Name of the writer: any number of processes may write at a time, each under another name.</param>
    /// <param name="isAtomic">False for a drill that shows what comes of files written under their own names.</param>
    public LocalObjectStore(string root, TimeProvider time, string writer = "run", bool isAtomic = true)
    {
        ArgumentException.ThrowIfNullOrEmpty(root);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentException.ThrowIfNullOrEmpty(writer);
        _root = Path.GetFullPath(root);
        _reader = new LocalObjectReader(_root);
        _time = time;
        _isAtomic = isAtomic;
        _writing = Path.Combine(_root, TemporaryFolder, writer);
        if (Directory.Exists(_writing))
        {
            Directory.Delete(_writing, recursive: true);
        }

        Directory.CreateDirectory(_writing);
    }

    /// <inheritdoc />
    public PutOutcome PutIfAbsent(string name, Action<Stream> write, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(write);
        string target = PathOf(name);
        if (File.Exists(target))
        {
            return PutOutcome.AlreadyThere;
        }

        if (!_isAtomic)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            using FileStream named = new(target, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 20);
            write(named);
            return PutOutcome.Written;
        }

        byte[] buffer = Interlocked.Exchange(ref _buffer, null) ?? GC.AllocateUninitializedArray<byte>(DirectFileStream.BufferBytes, pinned: true);
        string temporary = Path.Combine(_writing, $"{Interlocked.Increment(ref _temporaries)}");
        try
        {
            using (DirectFileStream stream = new(temporary, buffer))
            {
                write(stream);
                cancellationToken.ThrowIfCancellationRequested();
                stream.Complete();
            }

            string folder = Path.GetDirectoryName(target)!;
            Directory.CreateDirectory(folder);
            bool linked = Posix.TryLink(temporary, target);
            Posix.FlushFolder(folder);
            return linked ? PutOutcome.Written : PutOutcome.AlreadyThere;
        }
        catch (IOException e) when (Posix.IsFull(e))
        {
            throw new StorageFullException(name, _root, new DriveInfo(_root).AvailableFreeSpace, e);
        }
        finally
        {
            Volatile.Write(ref _buffer, buffer);
            File.Delete(temporary);
        }
    }

    /// <inheritdoc />
    public Stream OpenRead(string name) => _reader.OpenRead(name);

    /// <inheritdoc />
    public long? LengthOf(string name) => _reader.LengthOf(name);

    /// <inheritdoc />
    public IReadOnlyList<StoredObject> List(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        List<StoredObject> found = [];
        foreach (string path in Directory.EnumerateFiles(_root, "*", SearchOption.AllDirectories))
        {
            string name = Path.GetRelativePath(_root, path).Replace(Path.DirectorySeparatorChar, '/');
            if (name.StartsWith(prefix, StringComparison.Ordinal) && name[0] != '.')
            {
                FileInfo file = new(path);
                found.Add(new StoredObject(name, file.Length, file.LastWriteTimeUtc));
            }
        }

        found.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        return found;
    }

    /// <inheritdoc />
    public void Delete(string name) => File.Delete(PathOf(name));

    /// <inheritdoc />
    public string SetAside(string name)
    {
        string source = PathOf(name);
        string aside = $"{AsideFolder}/{_time.GetUtcNow().ToUnixTimeMilliseconds()}-{name.Replace('/', '_')}";
        string target = Path.Combine(_root, aside);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.Move(source, target);
        Posix.FlushFolder(Path.GetDirectoryName(source)!);
        return aside;
    }

    /// <inheritdoc />
    public int RemoveUnfinished(DateTimeOffset before)
    {
        int removed = 0;
        foreach (string path in Directory.EnumerateFiles(Path.Combine(_root, TemporaryFolder), "*", SearchOption.AllDirectories))
        {
            if (File.GetLastWriteTimeUtc(path) < before)
            {
                File.Delete(path);
                removed++;
            }
        }

        return removed;
    }

    private string PathOf(string name) => _reader.PathOf(name);
}

namespace Olmo.Actors.ObjectStorage;

/// <summary>Reads objects that are files below a folder; changes nothing.</summary>
/// <param name="root">Folder of the store.</param>
public sealed class LocalObjectReader(string root) : IObjectReader
{
    private readonly string _root = Path.GetFullPath(root);

    /// <inheritdoc />
    public Stream OpenRead(string name) => new FileStream(PathOf(name), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1 << 20);

    /// <inheritdoc />
    public long? LengthOf(string name)
    {
        FileInfo file = new(PathOf(name));
        return file.Exists ? file.Length : null;
    }

    /// <summary>Path of an object.</summary>
    /// <exception cref="ArgumentException">The name is none of an object.</exception>
    internal string PathOf(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name[0] is '.' or '/' || name.Split('/').Any(part => part.Length == 0 || part is "." or ".."))
        {
            throw new ArgumentException($"'{name}' is not a name of an object: relative, parts not empty, '.' or '..'.", nameof(name));
        }

        return Path.Combine(_root, name.Replace('/', Path.DirectorySeparatorChar));
    }
}

namespace Olmo.Runtime.Storage;

/// <summary>The database would lie on a network file system, where its write-ahead log is not safe.</summary>
public sealed class NetworkFileSystemException(string path, string fileSystem)
    : Exception($"{path} is on {fileSystem}: an embedded database needs a local disk, as its write-ahead log is shared through memory; choose a folder on a local disk")
{
    /// <summary>Kind of the file system.</summary>
    public string FileSystem { get; } = fileSystem;
}

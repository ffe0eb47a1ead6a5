using System.Runtime.InteropServices;

namespace Olmo.Data.Files;

/// <summary>
/// A file that appears whole or not at all: written under a temporary name beside its own, flushed to the device, renamed, and its folder flushed.
/// Disposed before <see cref="Commit"/> it leaves nothing.
/// </summary>
public sealed partial class DurableFile : IDisposable
{
    /// <summary>Ending of names that are not complete.</summary>
    public const string PartialSuffix = ".partial";

    private const int ReadOnly = 0;

    private readonly string _path;
    private readonly FileStream _stream;
    private bool _done;

    /// <summary>Starts a file.</summary>
    /// <param name="path">Where it will appear.</param>
    public DurableFile(string path)
    {
        _path = path;
        _stream = new FileStream(path + PartialSuffix, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16);
    }

    /// <summary>Where to write. Not to be disposed by the caller.</summary>
    public Stream Stream => _stream;

    /// <summary>Flushes, renames (replacing an older file), flushes the folder.</summary>
    public void Commit()
    {
        _stream.Flush(flushToDisk: true);
        _stream.Dispose();
        File.Move(_path + PartialSuffix, _path, overwrite: true);
        _done = true;
        FlushFolder(Path.GetDirectoryName(Path.GetFullPath(_path))!);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream.Dispose();
        if (!_done)
        {
            File.Delete(_path + PartialSuffix);
            _done = true;
        }
    }

    /// <summary>Writes a whole file.</summary>
    public static void WriteAllBytes(string path, ReadOnlySpan<byte> bytes)
    {
        using DurableFile file = new(path);
        file.Stream.Write(bytes);
        file.Commit();
    }

    /// <summary>Renames a folder and flushes the one that holds it.</summary>
    public static void MoveFolder(string from, string to)
    {
        FlushFolder(from);
        Directory.Move(from, to);
        FlushFolder(Path.GetDirectoryName(Path.GetFullPath(to))!);
    }

    /// <summary>Makes renames in a folder durable. On Windows the file system's own journal does that, and folders cannot be flushed.</summary>
    public static void FlushFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        int descriptor = Open(folder, ReadOnly);
        if (descriptor < 0)
        {
            throw new IOException($"{folder}: cannot be opened to flush it (errno {Marshal.GetLastPInvokeError()})");
        }

        int result = Flush(descriptor);
        int error = Marshal.GetLastPInvokeError();
        _ = Close(descriptor);
        if (result != 0)
        {
            throw new IOException($"{folder}: cannot be flushed to the device (errno {error})");
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Flush(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}

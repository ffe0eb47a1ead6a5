namespace Olmo.Tests;

/// <summary>
/// A fact on files of several GiB that are all hole; skipped, with the reason, where the file system of temporary files cannot make them or gives them room on the device. Their tests read a few
/// blocks only.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SparseFactAttribute : FactAttribute
{
    private const long ProbeBytes = 16L << 30;
    private const long RoomBytes = 1L << 30;

    public SparseFactAttribute() => Skip = Obstacle();

    private static string? Obstacle()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("olmo-sparse-");
        try
        {
            DriveInfo drive = new(folder.FullName);
            long before = drive.AvailableFreeSpace;
            using (FileStream file = new(Path.Combine(folder.FullName, "probe"), FileMode.CreateNew, FileAccess.Write))
            {
                file.SetLength(ProbeBytes);
                file.Flush(flushToDisk: true);
            }

            long taken = before - drive.AvailableFreeSpace;
            return taken < RoomBytes ? null : $"A file of {ProbeBytes} bytes without content takes {taken} bytes in '{folder.FullName}': its file system has no sparse files.";
        }
        catch (IOException e)
        {
            return $"No file of {ProbeBytes} bytes can be made in '{folder.FullName}': {e.Message}";
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}

using System.Text.Json;

namespace Olmo.Host.Runs;

/// <summary>
/// Proves that at most one living process works on a run's folder. The lock is the kernel's: it goes with the process however it dies, so that the next command
/// resumes at once. A process that outlived the <c>dotnet run</c> that started it is on its way out by itself and is waited for.
/// </summary>
internal sealed class RunFolderLock : IDisposable
{
    private readonly FileStream _file;

    private RunFolderLock(FileStream file) => _file = file;

    /// <summary>Takes the lock.</summary>
    /// <exception cref="UsageException">A living process holds it; the message names its process id.</exception>
    public static RunFolderLock Take(RunFolder folder, TimeProvider time, TimeSpan patience, TextWriter output)
    {
        Directory.CreateDirectory(folder.Root);
        long started = time.GetTimestamp();
        bool told = false;
        while (true)
        {
            try
            {
                return Own(new(folder.LockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None), folder, time);
            }
            catch (IOException e) when (e is not (DirectoryNotFoundException or FileNotFoundException or PathTooLongException))
            {
                RunOwner? owner = RunOwner.Read(folder.OwnerFile);
                bool leaving = owner?.IsOrphan() == true;
                if (!leaving || time.GetElapsedTime(started) > patience)
                {
                    throw new UsageException(
                        $"the run in '{folder.Root}' is alive in process {(owner is null ? "(unknown)" : owner.ProcessId.ToString())}"
                        + $"{(owner is null ? "" : $", started {owner.StartedAt:u}")}. Stop it first, or give this run another run.name.");
                }

                if (!told)
                {
                    told = true;
                    output.WriteLine($"process {owner!.ProcessId} lost the command that started it and is saving its state; waiting for it ...");
                }

                using ManualResetEventSlim pause = new();
                using ITimer timer = time.CreateTimer(_ => pause.Set(), null, TimeSpan.FromMilliseconds(100), Timeout.InfiniteTimeSpan);
                pause.Wait();
            }
        }
    }

    /// <summary>Whether a living process holds the lock, and which.</summary>
    public static (bool IsHeld, RunOwner? Owner) Look(RunFolder folder)
    {
        if (!File.Exists(folder.LockFile))
        {
            return (false, null);
        }

        try
        {
            using FileStream file = new(folder.LockFile, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return (false, RunOwner.Read(folder.OwnerFile));
        }
        catch (IOException)
        {
            return (true, RunOwner.Read(folder.OwnerFile));
        }
    }

    /// <inheritdoc />
    public void Dispose() => _file.Dispose();

    // A failure here is one of the folder (no room, say) and must not pass for a lock that somebody else holds.
    private static RunFolderLock Own(FileStream file, RunFolder folder, TimeProvider time)
    {
        try
        {
            RunOwner owner = RunOwner.OfThisProcess(time);
            File.WriteAllText(folder.OwnerFile, JsonSerializer.Serialize(owner, RunOwnerJson.Default.RunOwner));
            return new RunFolderLock(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            file.Dispose();
            throw new UsageException($"'{folder.OwnerFile}' cannot be written: {e.Message}");
        }
    }
}

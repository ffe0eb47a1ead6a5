namespace Olmo.Host.Runs;

/// <summary>A run's folder with checkpoints and without its journal: starting anew there would bury them under a second history.</summary>
internal static class LostJournal
{
    /// <summary>Refuses such a folder.</summary>
    /// <exception cref="UsageException">It is one; the message says what to do.</exception>
    public static void Refuse(RunFolder folder)
    {
        string manifests = Path.Combine(folder.Checkpoints, "manifests");
        if (File.Exists(folder.Journal) || !Directory.Exists(manifests))
        {
            return;
        }

        string[] names = [.. Directory.EnumerateFiles(manifests, "*.json").Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];
        if (names.Length > 0)
        {
            throw new UsageException(
                $"'{folder.Root}' holds {names.Length} manifests of checkpoints ('{names[^1]}' is the last by name), but its journal '{folder.Journal}' is gone, which says which of them count.\n"
                + "Put the journal back, with its -wal file if there is one, from wherever it was moved or backed up to; or set another run.folder.\n"
                + "Nothing was changed. See docs/operations/journal-is-gone.md.");
        }
    }
}

namespace Olmo.Host.Runs;

/// <summary>
/// Finds the <c>dotnet run</c> that started this process and tells when it has gone: killing only the parent must not leave a run that nobody sees. Linux only;
/// elsewhere no launcher is found and nothing is watched.
/// </summary>
internal static class Launcher
{
    /// <summary>Process id of the <c>dotnet run</c> above this process; 0 where something else started it.</summary>
    public static int Find()
    {
        if (ParentOf(Environment.ProcessId) is not int parent)
        {
            return 0;
        }

        string path = $"/proc/{parent}/cmdline";
        if (!File.Exists(path))
        {
            return 0;
        }

        string[] words = File.ReadAllText(path).Split('\0');
        bool isDotnet = words.Length > 1 && Path.GetFileNameWithoutExtension(words[0]) == "dotnet";
        return isDotnet && words.Contains("run", StringComparer.Ordinal) ? parent : 0;
    }

    /// <summary>Parent of a living process, or null where that cannot be known.</summary>
    public static int? ParentOf(int processId)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{processId}/stat");
            string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' '); // the name in parentheses may hold blanks
            return int.Parse(fields[1]);
        }
        catch (IOException)
        {
            return null; // no such process, or no such file system
        }
    }
}

using System.Globalization;

namespace Olmo.Recovery;

/// <summary>A process and those that it started, as <c>/proc</c> has them.</summary>
internal static class ProcessTree
{
    private const double TicksPerSecond = 100; // USER_HZ

    /// <summary>The process, then its children and theirs.</summary>
    public static List<int> Of(int process)
    {
        List<int> all = [process];
        for (int i = 0; i < all.Count; i++)
        {
            foreach (string file in Tasks(all[i]))
            {
                all.AddRange(TextOf(file).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(n => int.Parse(n, CultureInfo.InvariantCulture)));
            }
        }

        return all;
    }

    /// <summary>Time in user and kernel mode; 0 where the process has gone.</summary>
    public static double ProcessorSecondsOf(int process)
    {
        string stat = TextOf($"/proc/{process}/stat");
        string[] fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length < 13 ? 0 : (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    private static IEnumerable<string> Tasks(int process)
    {
        try
        {
            return [.. Directory.EnumerateDirectories($"/proc/{process}/task").Select(t => $"{t}/children")];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    private static string TextOf(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (IOException)
        {
            return ""; // its process or thread has ended
        }
    }
}

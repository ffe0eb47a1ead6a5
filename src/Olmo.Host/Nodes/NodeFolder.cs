using System.Globalization;
using Olmo.Host.Runs;

namespace Olmo.Host.Nodes;

/// <summary>Files of a run's processes, in a folder of their own.</summary>
internal sealed record NodeFolder(RunFolder Run)
{
    /// <summary>The folder.</summary>
    public string Root { get; } = Path.Combine(Run.Root, "processes");

    /// <summary>Held by the living coordinator: a successor waits until its predecessor is dead.</summary>
    public string CoordinatorLock => Path.Combine(Root, "coordinator.lock");

    /// <summary>Moments of one kind of process; a rank is named by its slot, which one living process has at a time.</summary>
    public string TraceOf(string process) => Path.Combine(Root, $"{process}.trace.log");

    /// <summary>Log of one kind of process.</summary>
    public string LogOf(string process) => Path.Combine(Root, $"{process}.log");

    /// <summary>The next process number: rises, and is durable before it is given, so that no two processes of a run ever have the same.</summary>
    /// <exception cref="InvalidDataException">The file that keeps it is not a number.</exception>
    public int NextNumber()
    {
        string path = Path.Combine(Root, "number");
        int last = 0;
        if (File.Exists(path) && !int.TryParse(File.ReadAllText(path), NumberStyles.None, CultureInfo.InvariantCulture, out last))
        {
            throw new InvalidDataException($"'{path}': expected the number of the last process, found '{File.ReadAllText(path)}'");
        }

        string temporary = path + ".new";
        using (FileStream file = new(temporary, FileMode.Create, FileAccess.Write))
        {
            file.Write(System.Text.Encoding.ASCII.GetBytes((last + 1).ToString(CultureInfo.InvariantCulture)));
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
        return last + 1;
    }
}

using System.Globalization;
using System.Text;
using Olmo.Data.Files;
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

        Replace(path, (last + 1).ToString(CultureInfo.InvariantCulture));
        return last + 1;
    }

    /// <summary>Lines of place and convictions: who has mended the machine removes the file.</summary>
    public string ConvictedPlaces => Path.Combine(Root, "convicted-places");

    /// <summary>How often ranks in a place were convicted.</summary>
    /// <exception cref="UsageException">A line is not two numbers.</exception>
    public IReadOnlyDictionary<int, int> Convictions()
    {
        Dictionary<int, int> convictions = [];
        if (!File.Exists(ConvictedPlaces))
        {
            return convictions;
        }

        foreach (string line in File.ReadLines(ConvictedPlaces))
        {
            int space = Math.Max(0, line.IndexOf(' ', StringComparison.Ordinal));
            bool isPair = int.TryParse(line.AsSpan(0, space), NumberStyles.None, CultureInfo.InvariantCulture, out int place)
                & int.TryParse(line.AsSpan(space).TrimStart(), NumberStyles.None, CultureInfo.InvariantCulture, out int times);
            convictions[place] = isPair ? times : throw new UsageException($"'{ConvictedPlaces}': expected a place and its convictions, found '{line}'");
        }

        return convictions;
    }

    /// <summary>Replaces what is kept; durable on return.</summary>
    /// <exception cref="IOException">It could not be kept.</exception>
    public void KeepConvictions(IReadOnlyDictionary<int, int> convictions)
    {
        ArgumentNullException.ThrowIfNull(convictions);
        Replace(ConvictedPlaces, string.Concat(convictions.OrderBy(c => c.Key).Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Key} {c.Value}\n"))));
    }

    private static void Replace(string path, string text) => DurableFile.WriteAllBytes(path, Encoding.ASCII.GetBytes(text));
}

using System.Globalization;

namespace Olmo.Recovery;

/// <summary>What all benches have: the command, a folder that goes with them, data that is prepared once, options.</summary>
internal sealed class Bench : IDisposable
{
    private const string Olmo = "src/Olmo.Host/bin/Release/net10.0/olmo";
    private readonly string _work = Directory.CreateTempSubdirectory("olmo-bench-").FullName;
    private readonly string[] _arguments;
    private string? _data;
    private readonly List<WatchedRun> _runs = [];

    public Bench(string[] arguments)
    {
        _arguments = arguments;
        Console.CancelKeyPress += (_, e) =>
        {
            e.Cancel = true;
            foreach (WatchedRun run in _runs.ToArray())
            {
                run.Dispose(); // whoever waits for it hears that it ended
            }
        };
    }

    /// <summary>The option's value.</summary>
    public string? Option(string name) => Array.IndexOf(_arguments, $"--{name}") is >= 0 and int at && at + 1 < _arguments.Length ? _arguments[at + 1] : null;

    /// <summary>The option's value as a number.</summary>
    public int Number(string name, int otherwise) => Option(name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    /// <summary>The model that was asked for.</summary>
    public BenchModel Model(int sequenceLength, int sequencesPerGroup, string otherwise = "large") => (Option("model") ?? otherwise) == "small"
        ? BenchModel.Small(Number("sequence", sequenceLength), Number("sequences", sequencesPerGroup))
        : BenchModel.Large(Number("sequence", sequenceLength), Number("sequences", sequencesPerGroup));

    /// <summary>Starts a run in a new folder; <paramref name="settings"/> are <c>key=value</c>.</summary>
    public WatchedRun Start(string name, BenchModel model, params string[] settings)
    {
        string folder = Path.Combine(_work, name);
        Directory.CreateDirectory(folder);
        if (_data is { } data)
        {
            Copy(data, Path.Combine(folder, "data"));
        }

        WatchedRun run = new(Olmo, folder, [.. model.Arguments(), .. settings.SelectMany(s => (string[])["--set", s])]);
        _runs.Add(run);
        run.Await(r => r.Step >= 1, $"{name}: its first step", 180);
        _data ??= Path.Combine(folder, "data");
        return run;
    }

    /// <summary>Frees the disk of a run whose figures are read; the data of the first stays.</summary>
    public void Forget(WatchedRun run)
    {
        run.Dispose();
        _runs.Remove(run);
        string checkpoints = Path.Combine(run.Folder, "checkpoints");
        if (Directory.Exists(checkpoints))
        {
            Directory.Delete(checkpoints, recursive: true);
        }
    }

    /// <summary>Load of the machine, which decides whether figures mean anything.</summary>
    public static string Load => $"load {File.ReadAllText("/proc/loadavg").Split(' ')[0]} on {Environment.ProcessorCount} processors";

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (WatchedRun run in _runs)
        {
            run.Dispose();
        }

        if (Array.IndexOf(_arguments, "--keep") >= 0)
        {
            Console.WriteLine($"the runs' folders stay in {_work}");
        }
        else if (Directory.Exists(_work))
        {
            Directory.Delete(_work, recursive: true);
        }
    }

    private static void Copy(string from, string to)
    {
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}

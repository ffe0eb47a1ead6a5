using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Olmo.Recovery;

/// <summary>An <c>olmo run</c> with rank processes, watched by the lines that it prints. Disposed it is killed with all its children.</summary>
internal sealed partial class WatchedRun : IDisposable
{
    private readonly Process _process;
    private readonly object _gate = new(); // Monitor: waits have a time-out
    private readonly SortedDictionary<int, RankSight> _ranks = [];
    private readonly List<string> _lines = [];
    private readonly TimeProvider _time = TimeProvider.System;
    private int[] _members = [];
    private bool _isWhole;
    private long _step;
    private long _recoveries;
    private bool _ended;
    private bool _isDisposed;

    public WatchedRun(string olmo, string folder, IEnumerable<string> arguments)
    {
        Folder = folder;
        ProcessStartInfo start = new(olmo, ["run", "hocon/quickstart.conf", "--set", $"run.folder={folder}", "--set", $"run.name={Path.GetFileName(folder)}", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        _process = Process.Start(start) ?? throw new InvalidOperationException($"'{olmo}' did not start");
        Read(_process.StandardOutput);
        Read(_process.StandardError);
    }

    /// <summary>Lines of <c>metrics.jsonl</c> and <c>recoveries.jsonl</c> are here.</summary>
    public string Folder { get; }

    /// <summary>Holds still while <paramref name="read"/> looks at the run.</summary>
    public T See<T>(Func<WatchedRun, T> read)
    {
        lock (_gate)
        {
            return read(this);
        }
    }

    /// <summary>Newest step printed; inside <see cref="See"/> and conditions.</summary>
    public long Step => _step;

    /// <summary>Recoveries printed.</summary>
    public long Recoveries => _recoveries;

    /// <summary>Living ranks of the newest world, by position.</summary>
    public RankSight[] Members => [.. _members.Where(_ranks.ContainsKey).Select(m => _ranks[m]).Where(r => r.IsAlive)];

    /// <summary>The newest world has this many ranks, all alive, and this many more are ready.</summary>
    public bool IsSettled(int ranks, int spares) =>
        _isWhole && Members.Length == ranks && _members.Length == ranks && _ranks.Values.Count(r => r.IsAlive && r.IsReady && !_members.Contains(r.Number)) >= spares;

    /// <summary>Living processes of ranks that are not ready.</summary>
    public RankSight[] Starting => [.. _ranks.Values.Where(r => r.IsAlive && !r.IsReady)];

    public DateTimeOffset Now => _time.GetUtcNow();

    /// <summary>Waits until a condition holds.</summary>
    /// <exception cref="InvalidOperationException">It does not within the time, or the run ended before.</exception>
    public void Await(Func<WatchedRun, bool> condition, string what, double seconds = 60)
    {
        if (!PassUntil(condition, what, seconds))
        {
            throw Failure($"not within {seconds} s: {what}");
        }
    }

    /// <summary>Waits until a condition holds, at most for a time.</summary>
    /// <returns>Whether it holds.</returns>
    /// <exception cref="InvalidOperationException">The run ended before.</exception>
    public bool PassUntil(Func<WatchedRun, bool> condition, string what, double seconds)
    {
        long began = _time.GetTimestamp();
        lock (_gate)
        {
            while (!condition(this))
            {
                TimeSpan left = TimeSpan.FromSeconds(seconds) - _time.GetElapsedTime(began);
                if (_ended)
                {
                    throw Failure($"the run ended: {what}");
                }

                if (left <= TimeSpan.Zero)
                {
                    return false;
                }

                Monitor.Wait(_gate, left);
            }

            return true;
        }
    }

    /// <summary>Waits for a time, or the end of the run.</summary>
    /// <returns>False where the run ended.</returns>
    public bool Pass(double seconds)
    {
        long began = _time.GetTimestamp();
        lock (_gate)
        {
            while (!_ended)
            {
                TimeSpan left = TimeSpan.FromSeconds(seconds) - _time.GetElapsedTime(began);
                if (left <= TimeSpan.Zero)
                {
                    return true;
                }

                Monitor.Wait(_gate, left);
            }

            return false;
        }
    }

    /// <summary>Kills a rank's process.</summary>
    /// <returns>When.</returns>
    public DateTimeOffset Kill(RankSight rank)
    {
        DateTimeOffset at = Now;
        Signals.Send(rank.Process, Signals.Kill);
        lock (_gate)
        {
            rank.IsAlive = false;
            _isWhole = false;
        }

        return at;
    }

    /// <summary>All its processes at this time.</summary>
    public IReadOnlyList<int> Processes => ProcessTree.Of(_process.Id);

    /// <summary>Waits for the end of the run.</summary>
    /// <returns>Digest of the weights.</returns>
    public string Finish(double seconds)
    {
        if (!_process.WaitForExit(TimeSpan.FromSeconds(seconds)))
        {
            throw Failure($"the run did not end within {seconds} s");
        }

        _process.WaitForExit(); // its last lines
        string? weights = See(r => r._lines.LastOrDefault(l => l.StartsWith("weights sha256 ", StringComparison.Ordinal)));
        return weights?.Split(' ')[2] ?? throw Failure("the run failed");
    }

    /// <summary>Whether the run has ended.</summary>
    public bool HasEnded => _process.HasExited;

    /// <inheritdoc />
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        if (!_process.HasExited)
        {
            Signals.Send(Processes, Signals.Continue); // whoever stands still does not see its parent go
            Signals.Send(_process.Id, Signals.Kill); // its children follow it
        }

        _process.WaitForExit();
        _process.Dispose();
    }

    private InvalidOperationException Failure(string what) => new($"{what}\n{string.Join('\n', See(r => r._lines.TakeLast(40).ToArray()))}");

    private void Read(StreamReader output) => new Thread(() =>
    {
        while (output.ReadLine() is { } line)
        {
            lock (_gate)
            {
                _lines.Add(line);
                See(line);
                Monitor.PulseAll(_gate);
            }
        }

        lock (_gate)
        {
            _ended = true;
            Monitor.PulseAll(_gate);
        }
    })
    { IsBackground = true, Name = "output" }.Start();

    private void See(string line)
    {
        if (StepLine().Match(line) is { Success: true } step)
        {
            _step = Number(step, "step");
        }
        else if (StartedLine().Match(line) is { Success: true } started)
        {
            _ranks[(int)Number(started, "rank")] = new RankSight((int)Number(started, "rank"), (int)Number(started, "process"));
        }
        else if (ReadyLine().Match(line) is { Success: true } ready && _ranks.TryGetValue((int)Number(ready, "rank"), out RankSight? rank))
        {
            rank.IsReady = true;
        }
        else if (EndedLine().Match(line) is { Success: true } ended && _ranks.TryGetValue((int)Number(ended, "rank"), out RankSight? gone))
        {
            gone.IsAlive = false;
        }
        else if (WorldLine().Match(line) is { Success: true } world)
        {
            _members = world.Groups["ranks"].Success
                ? [.. world.Groups["ranks"].Value.Split(',').Select(n => int.Parse(n, CultureInfo.InvariantCulture))]
                : [.. _ranks.Values.Where(r => r.IsAlive && r.IsReady).Select(r => r.Number).Take(1)];
            _isWhole = line.StartsWith("starts", StringComparison.Ordinal);
        }
        else if (line.StartsWith("recovered at step", StringComparison.Ordinal))
        {
            _recoveries++;
            _isWhole = true;
        }
    }

    private static long Number(Match match, string name) => long.Parse(match.Groups[name].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex("^step (?<step>[0-9]+)/", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex StepLine();

    [GeneratedRegex("^rank (?<rank>[0-9]+): started, process id (?<process>[0-9]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex StartedLine();

    [GeneratedRegex("^rank (?<rank>[0-9]+): ready", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ReadyLine();

    [GeneratedRegex("^rank (?<rank>[0-9]+): ended", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex EndedLine();

    [GeneratedRegex("^(starts from|resumed from|goes on from).*\\(generation [0-9]+(, ranks (?<ranks>[0-9,]+))?", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex WorldLine();
}

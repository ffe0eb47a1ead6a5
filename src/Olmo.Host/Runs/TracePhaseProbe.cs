using Olmo.Actors.Runs;

namespace Olmo.Host.Runs;

/// <summary>
/// Writes the moments that a run passes to its trace, one line each: time, moment, step. Where the variable OLMO_PAUSE_AT names a moment and how many times it is
/// passed first (<c>manifest-written:2</c>), the thread that reaches it waits there for ever and the trace says so: that is how tests hit a moment with a kill from outside.
/// </summary>
internal sealed class TracePhaseProbe : IPhaseProbe, IDisposable
{
    private readonly Lock _lock = new();
    private readonly StreamWriter _writer;
    private readonly TimeProvider _time;
    private readonly string? _pausePhase;

    // Many a step: in the trace only where a test asks for one of them.
    private static readonly string[] InsideSteps =
    [
        Phases.Wait, Phases.Forward, Phases.Backward, Phases.Sums, Phases.Audit, Phases.Summed, Phases.Announced, Phases.Told, Phases.Applying, Phases.Gather, Phases.Transfer,
    ];
    private readonly ManualResetEventSlim _never = new();
    private int _left;
    private volatile string _last = "none";

    /// <summary>Appends to a file.</summary>
    public TracePhaseProbe(string path, TimeProvider time, string? pauseAt)
    {
        _time = time;
        _writer = new StreamWriter(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };
        if (!string.IsNullOrEmpty(pauseAt))
        {
            string[] parts = pauseAt.Split(':');
            _pausePhase = parts[0];
            _left = parts.Length > 1 ? int.Parse(parts[1]) : 0;
        }
    }

    /// <summary>The newest moment and its step.</summary>
    public string Last => _last;

    /// <inheritdoc />
    public void Reached(string phase, long step)
    {
        if (phase != _pausePhase && Array.IndexOf(InsideSteps, phase) >= 0)
        {
            return;
        }

        bool pause;
        lock (_lock)
        {
            pause = phase == _pausePhase && _left-- == 0;
            _last = $"{phase} {step}{(pause ? " paused" : "")}";
            _writer.WriteLine($"{_time.GetUtcNow():O} {_last}");
        }

        if (pause)
        {
            _never.Wait();
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _writer.Dispose();
        _never.Dispose();
    }
}

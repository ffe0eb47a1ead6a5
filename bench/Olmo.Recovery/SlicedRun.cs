namespace Olmo.Recovery;

/// <summary>Where a run stood when it had done a step: seconds that it was let go on until then, and seconds of processors of all its processes.</summary>
internal readonly record struct StepMark(long Step, double Active, double Processor);

/// <summary>
/// A run that is let go on for a fraction of a second at a time and stands still between. Runs that take turns so meet the same machine: what slows it for longer than a slice slows all of them.
/// </summary>
internal sealed class SlicedRun : IDisposable
{
    private readonly Bench _bench;
    private readonly WatchedRun _run;
    private readonly TimeProvider _time = TimeProvider.System;
    private readonly IReadOnlyList<int> _processes; // none starts or ends in a quiet run
    private readonly List<StepMark> _marks = [];
    private TimeSpan _active;

    /// <summary>Starts a run and lets it stand still after its first step.</summary>
    public SlicedRun(Bench bench, string name, BenchModel model, string[] settings)
    {
        _bench = bench;
        _run = bench.Start(name, model, settings);
        _processes = _run.Processes;
        Signals.Send(_processes, Signals.Stop);
        Step = _run.See(r => r.Step);
    }

    /// <summary>Newest step.</summary>
    public long Step { get; private set; }

    /// <summary>Steps seen to end, in order.</summary>
    public IReadOnlyList<StepMark> Marks => _marks;

    /// <summary>Lets the run go on for a while.</summary>
    public void GoOn(TimeSpan slice)
    {
        long began = _time.GetTimestamp();
        Signals.Send(_processes, Signals.Continue);
        for (TimeSpan left = slice; left > TimeSpan.Zero; left = slice - _time.GetElapsedTime(began))
        {
            if (_run.PassUntil(r => r.Step > Step, $"step {Step + 1}", left.TotalSeconds))
            {
                Step = _run.See(r => r.Step);
                _marks.Add(new StepMark(Step, (_active + _time.GetElapsedTime(began)).TotalSeconds, _processes.Sum(ProcessTree.ProcessorSecondsOf)));
            }
        }

        Signals.Send(_processes, Signals.Stop);
        _active += _time.GetElapsedTime(began);
    }

    /// <inheritdoc />
    public void Dispose() => _bench.Forget(_run);
}

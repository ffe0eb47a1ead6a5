namespace Olmo.Recovery;

/// <summary>What a step took: seconds that the run was let go on, and seconds of processors of all its processes.</summary>
internal readonly record struct StepCost(long Step, double Wall, double Processor);

/// <summary>A run that goes on for some steps at a time and stands still between them, so that runs can take turns as finely as single steps.</summary>
internal sealed class PacedRun(Bench bench, string name, BenchModel model, string[] settings) : IDisposable
{
    private readonly WatchedRun _run = bench.Start(name, model, settings);
    private readonly TimeProvider _time = TimeProvider.System;
    private TimeSpan _active;
    private long _since;
    private (TimeSpan Active, double Processor) _last;

    /// <summary>Newest step.</summary>
    public long Step { get; private set; }

    /// <summary>Runs on until a step is done; what it did before it is looked at for the first time does not count.</summary>
    public List<StepCost> To(long step)
    {
        List<StepCost> steps = [];
        if (Step == 0)
        {
            _run.Await(r => r.Step >= 1, $"{name}: step 1", 300);
            Step = _run.See(r => r.Step);
        }
        else
        {
            _run.Stop(isStopped: false);
        }

        _since = _time.GetTimestamp();
        while (Step < step)
        {
            _run.Await(r => r.Step > Step, $"{name}: step {Step + 1}", 300);
            (TimeSpan Active, double Processor) now = (_active + _time.GetElapsedTime(_since), _run.ProcessorSeconds);
            long reached = _run.See(r => r.Step);
            if (_last.Processor > 0 && reached == Step + 1)
            {
                steps.Add(new StepCost(reached, (now.Active - _last.Active).TotalSeconds, now.Processor - _last.Processor));
            }

            (Step, _last) = (reached, now);
        }

        _run.Stop(isStopped: true);
        _active += _time.GetElapsedTime(_since);
        return steps;
    }

    /// <inheritdoc />
    public void Dispose() => bench.Forget(_run);
}

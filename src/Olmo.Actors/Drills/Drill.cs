using System.Globalization;

namespace Olmo.Actors.Drills;

/// <summary>
/// The drill of one process. Whether a fault has struck is a file in the run's folder, made by an exclusive create before the fault acts: of all processes, replacements
/// included, one strikes.
/// </summary>
public sealed class Drill : IDrill
{
    private readonly DrillFault[] _faults;
    private readonly string _folder;
    private readonly TimeProvider _time;
    private readonly Action<int> _signal;
    private readonly Lock _gate = new();
    private readonly (long Step, int Passes)[] _passes;
    private readonly HashSet<(int Fault, long Step)> _own = [];
    private readonly Dictionary<int, long> _computing = []; // by thread: when its stretch of computing began
    private readonly bool _slowsComputing;
    private int _meshLosses;
    private int _controlLosses;

    /// <summary>The part that concerns one process.</summary>
    /// <param name="settings">The recipe's drill.</param>
    /// <param name="process">Number of the process; <see cref="DrillFault.OnlyProcess"/> where there is but one.</param>
    /// <param name="isCoordinator">Whether it coordinates.</param>
    /// <param name="folder">Folder of the marks; made here.</param>
    /// <param name="time">Clock.</param>
    /// <param name="signal">Sends a signal to this process.</param>
    /// <param name="place">Place of a rank's process.</param>
    public Drill(DrillSettings settings, int process, bool isCoordinator, string folder, TimeProvider time, Action<int> signal, int place = DrillFault.AnyPlace)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(signal);
        Guards = settings.Guards;
        _faults =
        [
            .. settings.Faults.Where(f => (f.Place == DrillFault.AnyPlace || f.Place == place)
                && (f.Process == DrillFault.AnyProcess || f.Process == process || (f.Process == DrillFault.Coordinator && isCoordinator))),
        ];
        _passes = new (long, int)[_faults.Length];
        _slowsComputing = _faults.Any(IsComputingSlow);
        _folder = folder;
        _time = time;
        _signal = signal;
        Directory.CreateDirectory(folder);
    }

    /// <inheritdoc />
    public Guards Guards { get; }

    /// <summary>The drill of a process, or <see cref="NoDrill"/> where the recipe has none.</summary>
    public static IDrill Of(DrillSettings settings, int process, bool isCoordinator, string folder, TimeProvider time, int place = DrillFault.AnyPlace)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return settings.IsEmpty ? NoDrill.Instance : new Drill(settings, process, isCoordinator, folder, time, OwnSignal.Send, place);
    }

    /// <inheritdoc />
    public void Passed(string phase, long step, int group = -1)
    {
        ArgumentNullException.ThrowIfNull(phase);
        SlowComputing(phase, step, group);
        for (int i = 0; i < _faults.Length; i++)
        {
            DrillFault fault = _faults[i];
            if (fault.At == phase && fault.Group == group && !IsComputingSlow(fault) && HasMoment(fault.Act) && IsDue(i, phase, step))
            {
                Act(fault, phase, step);
            }
        }
    }

    /// <inheritdoc />
    public DrillFault? Strikes(DrillAct act, long step, int group = -1)
    {
        for (int i = 0; i < _faults.Length; i++)
        {
            if (_faults[i].Act == act && (_faults[i].Group < 0 || _faults[i].Group == group) && IsDue(i, act.ToString(), step))
            {
                return _faults[i];
            }
        }

        return null;
    }

    /// <inheritdoc />
    public int Losses(DrillLinks links) => links is DrillLinks.Mesh ? Volatile.Read(ref _meshLosses) : Volatile.Read(ref _controlLosses);

    private static bool HasMoment(DrillAct act) => act is DrillAct.Kill or DrillAct.Freeze or DrillAct.Hang or DrillAct.Slow or DrillAct.Throw or DrillAct.LoseLink;

    private static bool IsComputingSlow(DrillFault fault) => fault.Act is DrillAct.Slow && fault.Duration == TimeSpan.Zero;

    // Counts the pass, and claims the fault if it is its turn.
    private bool IsDue(int place, string where, long step)
    {
        DrillFault fault = _faults[place];
        if (!fault.Covers(step))
        {
            return false;
        }

        lock (_gate)
        {
            (long last, int passes) = _passes[place];
            int passed = last == step ? passes : 0;
            _passes[place] = (step, passed + 1);
            return fault.IsOnce ? passed == fault.Pass && Claim(fault, where, step) : passed >= fault.Pass;
        }
    }

    private bool Claim(DrillFault fault, string where, long step)
    {
        string name = fault.Steps > 1 ? string.Create(CultureInfo.InvariantCulture, $"{fault.Index}-{step}") : fault.Index.ToString(CultureInfo.InvariantCulture);
        try
        {
            using FileStream mark = new(Path.Combine(_folder, name), FileMode.CreateNew, FileAccess.Write, FileShare.None);
            using StreamWriter text = new(mark);
            text.Write(string.Create(CultureInfo.InvariantCulture, $"{_time.GetUtcNow():O} {fault.Act} at {where} {step} by process {Environment.ProcessId}\n"));
            _own.Add((fault.Index, fault.Steps > 1 ? step : 0));
            return true;
        }
        catch (IOException) when (File.Exists(Path.Combine(_folder, name)))
        {
            return false; // it has struck
        }
    }

    private void Act(DrillFault fault, string phase, long step)
    {
        switch (fault.Act)
        {
            case DrillAct.Kill:
                _signal(OwnSignal.Kill);
                WaitForEver(); // the signal may be a moment on its way
                break;
            case DrillAct.Freeze:
                _signal(OwnSignal.Stop);
                break;
            case DrillAct.Hang:
                WaitForEver();
                break;
            case DrillAct.Slow:
                Wait(fault.Duration);
                break;
            case DrillAct.LoseLink:
                Lose(fault.Link);
                break;
            default:
                throw new DrillException($"the drill's fault {fault.Index} at {phase} of step {step}{(fault.Group < 0 ? "" : $", group {fault.Group}")}");
        }
    }

    private void Lose(DrillLinks links)
    {
        if (links.HasFlag(DrillLinks.Mesh))
        {
            Interlocked.Increment(ref _meshLosses);
        }

        if (links.HasFlag(DrillLinks.Control))
        {
            Interlocked.Increment(ref _controlLosses);
        }
    }

    // A stretch goes from one moment of computing to the next on the same thread; a stretch that ends in waiting for others is none.
    private void SlowComputing(string phase, long step, int group)
    {
        if (!_slowsComputing || group >= 0)
        {
            return;
        }

        int thread = Environment.CurrentManagedThreadId;
        bool computes = phase is Runs.Phases.Forward or Runs.Phases.Backward;
        long? begun;
        lock (_gate)
        {
            begun = _computing.Remove(thread, out long at) ? at : null;
        }

        if (computes && begun is { } since)
        {
            TimeSpan took = _time.GetElapsedTime(since);
            for (int i = 0; i < _faults.Length; i++)
            {
                DrillFault fault = _faults[i];
                if (IsComputingSlow(fault) && fault.Covers(step) && IsOwn(fault, phase, step))
                {
                    Wait(took * (fault.Factor - 1));
                }
            }
        }

        if (computes)
        {
            lock (_gate)
            {
                _computing[thread] = _time.GetTimestamp();
            }
        }
    }

    // Who has claimed a slow step stays slow in it.
    private bool IsOwn(DrillFault fault, string phase, long step)
    {
        lock (_gate)
        {
            return !fault.IsOnce || _own.Contains((fault.Index, fault.Steps > 1 ? step : 0)) || Claim(fault, phase, step);
        }
    }

    private static void WaitForEver()
    {
        using SemaphoreSlim never = new(0);
        never.Wait();
    }

    private void Wait(TimeSpan time)
    {
        if (time <= TimeSpan.Zero)
        {
            return;
        }

        using ManualResetEventSlim over = new();
        using ITimer timer = _time.CreateTimer(static o => ((ManualResetEventSlim)o!).Set(), over, time, Timeout.InfiniteTimeSpan);
        over.Wait();
    }
}

using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Olmo.Actors.Checkpoints;
using Olmo.Actors.Ranks;
using Olmo.Actors.Runs;
using Olmo.Runtime.Actor;

namespace Olmo.Host.Runs;

/// <summary>
/// Answers SIGQUIT: writes what every part of the run is doing and goes on. An actor that does not answer in two seconds is said to, as that is what an operator of a run that
/// hangs looks for. Works on a thread of its own, so that neither a full thread pool nor a stuck actor can hold it up.
/// </summary>
internal sealed class RunDiagnosis : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private readonly TextWriter _output;
    private readonly TimeProvider _time;
    private readonly TracePhaseProbe _probe;
    private readonly PosixSignalRegistration _registration;
    private volatile ActorSystem? _system;

    /// <summary>Listens from now on.</summary>
    public RunDiagnosis(TextWriter output, TimeProvider time, TracePhaseProbe probe)
    {
        _output = output;
        _time = time;
        _probe = probe;
        _registration = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, context =>
        {
            context.Cancel = true;
            new Thread(() => _output.Write(Describe())) { IsBackground = true, Name = "diagnosis" }.Start();
        });
    }

    /// <summary>The actors to ask, or null while there are none.</summary>
    public void Watch(ActorSystem? system) => _system = system;

    /// <inheritdoc />
    public void Dispose() => _registration.Dispose();

    private string Describe()
    {
        StringBuilder text = new();
        text.AppendLine(CultureInfo.InvariantCulture, $"diagnosis of process {Environment.ProcessId} at {_time.GetUtcNow():u}; last moment: {_probe.Last}");
        if (_system is { } system)
        {
            Line("supervisor", Answer<RunStatus>(system, "/user/run/supervisor", GetRunStatus.Instance, Text));
            Line("rank", Answer<RankStatus>(system, "/user/rank", GetRankStatus.Instance, Text));
            Line("checkpoints", Answer<CheckpointsStatus>(system, "/user/run/supervisor/checkpoints", GetCheckpointsStatus.Instance, Text));
        }
        else
        {
            Line("actors", "none: data is being prepared, or the run is at its end");
        }

        Line("thread pool", $"{ThreadPool.ThreadCount} threads, {ThreadPool.PendingWorkItemCount} items wait");
        foreach (string thread in Threads())
        {
            Line("thread", thread);
        }

        return text.ToString();

        void Line(string what, string says) => text.AppendLine(CultureInfo.InvariantCulture, $"  {what,-12} {says}");
    }

    private static string Answer<T>(ActorSystem system, string path, object question, Func<T, string> text)
    {
        try
        {
            Task<T> answer = system.ActorSelection(path).Ask<T>(question, Patience);
            return answer.Wait(Patience * 2) ? text(answer.Result) : $"no answer from {path}";
        }
        catch (AggregateException e)
        {
            return $"no answer from {path}: {e.InnerException?.Message}";
        }
    }

    private static string Text(RunStatus s) =>
        $"phase {s.Phase}, timeline {s.State.Timeline}, generation {s.State.Generation}, newest checkpoint {s.Newest?.Step ?? 0}, {(s.State.Stopping ? "asked to stop" : "not asked to stop")}, "
        + (s.State.Stopped is { } stopped ? $"stopped: {stopped.Reason}" : "not stopped");

    private static string Text(RankStatus s) =>
        $"phase {s.Phase}, generation {s.Generation}, step {s.Step} of {s.TotalSteps}; stored and not settled: {List(s.Unsettled)}; last settled: {Or(s.LastSettled)}; loop ended at: {Or(s.LoopEnded)}; "
        + $"next to load {s.NextToLoad}, {s.FreeSlots} free slots, {(s.Loading ? "loading" : "not loading")}";

    private static string Text(CheckpointsStatus s) =>
        $"begun: {List(s.Begun)}; shards in: {List(s.Pending)}; being committed: {List(s.Committing)}; {(s.Collecting ? "collecting garbage" : "not collecting garbage")}";

    private static string List<T>(IEnumerable<T> items) => items.Any() ? string.Join(", ", items) : "none";

    private static string Or(long? step) => step?.ToString(CultureInfo.InvariantCulture) ?? "none";

    // Name, state and what the kernel has it wait for; the runtime hands a managed thread's name to the kernel, cut after 15 bytes.
    private static List<string> Threads()
    {
        const string Folder = "/proc/self/task";
        List<string> threads = [];
        if (!Directory.Exists(Folder))
        {
            return threads;
        }

        foreach (string task in Directory.EnumerateDirectories(Folder))
        {
            try
            {
                string stat = File.ReadAllText(Path.Combine(task, "stat"));
                string name = stat[(stat.IndexOf('(', StringComparison.Ordinal) + 1)..stat.LastIndexOf(')')];
                threads.Add($"{Path.GetFileName(task)} {name} {stat[stat.LastIndexOf(')') + 2]} {File.ReadAllText(Path.Combine(task, "wchan"))}");
            }
            catch (IOException)
            {
                continue; // it ended meanwhile
            }
        }

        return threads;
    }
}

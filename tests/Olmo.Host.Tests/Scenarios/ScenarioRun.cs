using System.Text.RegularExpressions;
using Olmo.Host.Tests.Processes;

namespace Olmo.Host.Tests.Scenarios;

/// <summary>A run of a scenario: its folder, its drill, and what must hold afterwards.</summary>
internal sealed class ScenarioRun
{
    private readonly ScenarioRuns _runs;
    private readonly string[] _guards;

    /// <summary>A run in a new folder, or in a copy of another run's.</summary>
    public ScenarioRun(ScenarioRuns runs, string[] guards, string? copyOf = null)
    {
        _runs = runs;
        _guards = guards;
        Quiet = runs.Quiet;
        Folder = copyOf is null ? runs.New() : runs.CopyOf(copyOf);
    }

    /// <summary>Folder of the run.</summary>
    public string Folder { get; }

    /// <summary>Folder of the run without a fault that it must equal.</summary>
    public string Quiet { get; init; }

    /// <summary>Two ranks and two replicas; a replacement is waited for.</summary>
    public static string[] TwoRanks { get; } = ["ranks.count=2", "ranks.min=2"];

    /// <summary>Three ranks, each with the whole state.</summary>
    public static string[] ThreeTwins { get; } = ["ranks.count=3", "ranks.min=3", "state.replicas=3"];

    /// <summary>Every rank waits at the beginning of each step, so that a run can be met on the way.</summary>
    public static string Pace(int milliseconds, int fromStep = 1) =>
        $"{{ do = slow, at = step, step = {fromStep}, steps = 1000000, duration = {milliseconds} ms, once = false }}";

    /// <summary>A fault that ends a process at a moment.</summary>
    public static string Kill(string at, string rank, int step, int pass = 0) => $"{{ do = kill, at = {at}, rank = {rank}, step = {step}, pass = {pass} }}";

    /// <summary>A fault that makes a process late at a moment.</summary>
    public static string Late(string at, string rank, int step, int milliseconds, int pass = 0) =>
        $"{{ do = slow, at = {at}, rank = {rank}, step = {step}, pass = {pass}, duration = {milliseconds} ms }}";

    /// <summary>A fault that stops a process by SIGSTOP at the beginning of a step, so that the test comes in time whatever the machine does: it wakes it by SIGCONT.</summary>
    public static string Freeze(string rank, int step) => $"{{ do = freeze, at = step, rank = {rank}, step = {step} }}";

    /// <summary>Starts it.</summary>
    /// <param name="faults">The drill.</param>
    /// <param name="sets">Further keys.</param>
    public OlmoProcess Start(string[] faults, params string[] sets) =>
        OlmoProcess.Start([.. _runs.Command(Folder, [.. sets, $"drill.faults=[{string.Join(", ", faults)}]"]), .. Scenario.Without(_guards)]);

    /// <summary>Runs it to its end, which must be good.</summary>
    /// <returns>What it said.</returns>
    public async Task<string> Complete(string[] faults, params string[] sets)
    {
        using OlmoProcess run = Start(faults, sets);
        return await Complete(run);
    }

    /// <summary>Waits for the end, which must be good.</summary>
    public static async Task<string> Complete(OlmoProcess run)
    {
        int code = await run.End();
        Assert.True(code == 0, run.Output);
        return run.Output;
    }

    /// <summary>Checks the invariants.</summary>
    /// <param name="output">What the run's processes said.</param>
    /// <param name="lostAtMost">Steps that may have been lost to a checkpoint.</param>
    public Task Check(string output, long lostAtMost = 0) => Invariants.Check(Folder, output, Quiet, lostAtMost);

    /// <summary>The run says a line.</summary>
    public static void Says(string output, string pattern) =>
        Assert.True(Regex.IsMatch(output, pattern, RegexOptions.Multiline, TimeSpan.FromSeconds(1)), $"no '{pattern}' in:\n{output}");

    /// <summary>The run does not say a line.</summary>
    public static void SaysNot(string output, string pattern) =>
        Assert.False(Regex.IsMatch(output, pattern, RegexOptions.Multiline, TimeSpan.FromSeconds(1)), $"'{pattern}' in:\n{output}");

    /// <summary>State went on from survivors: no checkpoint was resumed.</summary>
    public static void WentOnFromSurvivors(string output)
    {
        Says(output, "^goes on from step");
        SaysNot(output, "^resumed from step");
    }
}

using System.Globalization;
using Olmo.Actors.Drills;

namespace Olmo.Host.Tests.Scenarios;

/// <summary>
/// One run of a scenario's test. With the variable OLMO_SCENARIO_RED set to 1 every run goes without the scenario's guards, and the test is right if its scenario fails. With
/// OLMO_SCENARIO_REPORT a line for each goes to that file: name, guards, seconds, outcome, and why it was red.
/// </summary>
internal static class Scenario
{
    /// <summary>Whether scenarios are to fail.</summary>
    public static bool IsRed { get; } = Environment.GetEnvironmentVariable("OLMO_SCENARIO_RED") == "1";

    /// <summary>Runs a scenario.</summary>
    /// <param name="name">Name of the test.</param>
    /// <param name="guards">What makes it pass, as <c>drill.without</c> names it.</param>
    /// <param name="scenario">The scenario; its runs take <see cref="Without"/>.</param>
    public static async Task Run(string name, string[] guards, Func<Task> scenario)
    {
        Assert.NotEmpty(guards);
        Assert.All(guards, guard => Assert.Contains(guard, Guards.Names));
        long started = TimeProvider.System.GetTimestamp();
        Exception? failure = null;
        try
        {
            await scenario();
        }
        catch (Exception e) // whatever fails here, it does not fail with the guard on
        {
            failure = e;
            if (!IsRed)
            {
                Report(name, guards, started, "FAILED", FirstLines(e));
                throw;
            }
        }

        if (!IsRed)
        {
            Report(name, guards, started, "green", "");
            return;
        }

        Report(name, guards, started, failure is null ? "STAYED GREEN" : "red", failure is null ? "" : FirstLines(failure));
        Assert.True(failure is not null, $"{name} is right without {string.Join(", ", guards)}");
    }

    /// <summary>Override that switches the guards off where scenarios are to fail.</summary>
    public static string[] Without(string[] guards) => IsRed ? ["--set", $"drill.without=[{string.Join(", ", guards)}]"] : [];

    private static string FirstLines(Exception e) => string.Join(' ', e.Message.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Take(3));

    private static void Report(string name, string[] guards, long started, string outcome, string why)
    {
        if (Environment.GetEnvironmentVariable("OLMO_SCENARIO_REPORT") is { Length: > 0 } file)
        {
            double seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
            File.AppendAllText(
                file, string.Create(CultureInfo.InvariantCulture, $"{name}\t{string.Join(",", guards)}\t{seconds:0.0}\t{outcome}\t{why.Replace('\t', ' ')[..Math.Min(why.Length, 160)]}\n"));
        }
    }
}

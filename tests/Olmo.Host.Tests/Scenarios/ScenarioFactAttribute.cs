namespace Olmo.Host.Tests.Scenarios;

/// <summary>A failure scenario of real processes. All together take minutes, so that they run where they are asked for: by <c>tests/scenarios.sh</c>.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ScenarioFactAttribute : FactAttribute
{
    public ScenarioFactAttribute()
    {
        if (Environment.GetEnvironmentVariable("OLMO_SCENARIO_RED") is null)
        {
            Skip = "Failure scenarios take minutes: tests/scenarios.sh runs them.";
        }
    }
}

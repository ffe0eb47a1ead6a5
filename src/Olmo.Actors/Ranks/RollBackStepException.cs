using Olmo.Actors.Runs;

namespace Olmo.Actors.Ranks;

/// <summary>The guard of steps refuses a step and wants the run to go back to a checkpoint; the state is still that of the step before.</summary>
/// <param name="kind"><see cref="FaultKind.RunNotFinite"/> or <see cref="FaultKind.RunSpiked"/>.</param>
/// <param name="step">Step that was not applied.</param>
/// <param name="what">What is wrong with it.</param>
public sealed class RollBackStepException(FaultKind kind, long step, string what) : Exception($"step {step}: {what}")
{
    /// <summary>Why.</summary>
    public FaultKind Kind { get; } = kind;

    /// <summary>Step that was not applied.</summary>
    public long Step { get; } = step;
}

namespace Olmo.Actors.Ranks;

/// <summary>A loss or gradient was not finite or outside the range of the exact sums, and the recipe says stop (<c>loss.non-finite</c>).</summary>
public sealed class NonFiniteStepException(long step, string what)
    : Exception($"step {step}: {what} is not finite or out of range; the update was not applied. loss.non-finite = skip goes on without it.")
{
    /// <summary>Step that was not applied.</summary>
    public long Step { get; } = step;
}

namespace Olmo.Actors.Ranks;

/// <summary>A world was formed that begins before the step in work: go on with the batch of the step after <see cref="Step"/>.</summary>
public sealed class StepRewoundException(long asked, long step) : Exception($"step {asked} was asked for; the world has gone back to step {step}")
{
    /// <summary>Steps that are done now.</summary>
    public long Step { get; } = step;
}

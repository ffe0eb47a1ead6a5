namespace Olmo.Model.Steps;

/// <summary>One try at one step in one world: what frames and announcements must agree on.</summary>
/// <param name="RunId">Run; at most <see cref="MaxRunIdBytes"/> bytes of UTF-8.</param>
/// <param name="Timeline">Branch of the run after rollbacks.</param>
/// <param name="Generation">World of the run.</param>
/// <param name="Step">1-based number of the step in work.</param>
/// <param name="Attempt">Try at it, from 0.</param>
public readonly record struct StepIdentity(string RunId, int Timeline, long Generation, long Step, int Attempt)
{
    /// <summary>Longest run id in UTF-8.</summary>
    public const int MaxRunIdBytes = 128;

    /// <inheritdoc/>
    public override string ToString() => $"run '{RunId}', timeline {Timeline}, generation {Generation}, step {Step}, attempt {Attempt}";
}

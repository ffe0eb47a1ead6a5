namespace Olmo.Actors.Ranks;

/// <summary>Reading or computing one group failed inside this process: the only kind of failure that may lead to its quarantine.</summary>
/// <param name="step">Step.</param>
/// <param name="group">Group of its batch.</param>
/// <param name="cause">What was thrown; its type is what two ranks must agree on.</param>
public sealed class GroupFailedException(long step, int group, Exception cause)
    : Exception($"group {group} of step {step}: {cause.GetType().Name}: {cause.Message}", cause)
{
    /// <summary>Step.</summary>
    public long Step { get; } = step;

    /// <summary>Group.</summary>
    public int Group { get; } = group;

    /// <summary>Full name of the type of what was thrown.</summary>
    public string ErrorType { get; } = cause.GetType().FullName!;
}

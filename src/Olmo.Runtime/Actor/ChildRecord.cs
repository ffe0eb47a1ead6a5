namespace Olmo.Runtime.Actor;

/// <summary>What a parent knows of a child, with the arithmetic of restart windows.</summary>
internal sealed class ChildRecord(ActorCell cell)
{
    private int _retries;
    private long? _windowStart;

    public ActorCell Cell { get; } = cell;

    public bool IsStopping { get; set; }

    /// <summary>Whether one more restart is allowed: never with 0, always without limit and window, else so many in each window, which opens at a failure and does not slide.</summary>
    public bool AllowsRestart(int maxRetries, TimeSpan? window, TimeProvider time)
    {
        if (maxRetries == 0)
        {
            return false;
        }

        if (window is not { } length)
        {
            return maxRetries < 0 || ++_retries <= maxRetries;
        }

        int limit = maxRetries < 0 ? 1 : maxRetries;
        long now = time.GetTimestamp();
        if (_windowStart is { } start && time.GetElapsedTime(start, now) <= length)
        {
            return ++_retries <= limit;
        }

        _windowStart = now;
        _retries = 1;
        return true;
    }
}

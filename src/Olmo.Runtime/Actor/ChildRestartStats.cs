namespace Olmo.Runtime.Actor;

/// <summary>A child with its restart count.</summary>
internal sealed class ChildRestartStats(IInternalActorRef child, long order)
{
    private int _count;
    private TimeSpan? _windowStart;

    public IInternalActorRef Child { get; } = child;

    public long Uid => Child.Path.Uid;

    /// <summary>Rises with the time of creation.</summary>
    public long Order { get; } = order;

    /// <summary>A stop was asked for.</summary>
    public bool Dying { get; set; }

    /// <summary>
    /// Counts one restart and says whether it is allowed. <paramref name="retries"/> null or negative: no limit by count; without a
    /// window (null, zero or negative) the count runs over the child's life; with one the count runs from the first failure in it, the
    /// window does not slide, and the first failure after its end opens the next one and counts as 1.
    /// </summary>
    public bool RequestRestartPermission(int? retries, TimeSpan? window, TimeSpan now)
    {
        int? limit = retries is < 0 ? null : retries;
        TimeSpan? span = window is { } w && w > TimeSpan.Zero ? w : null;
        if (limit == 0)
        {
            return false;
        }

        if (span is null)
        {
            return limit is null || ++_count <= limit;
        }

        _windowStart ??= now;
        if (now - _windowStart <= span)
        {
            return ++_count <= (limit ?? 1);
        }

        _windowStart = now;
        _count = 1;
        return true;
    }
}

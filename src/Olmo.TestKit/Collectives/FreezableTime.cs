namespace Olmo.TestKit.Collectives;

/// <summary>A rank's view of the clock: its timers do not fire while its process is stopped.</summary>
internal sealed class FreezableTime(TimeProvider inner) : TimeProvider
{
    private volatile bool _isFrozen;

    public bool IsFrozen
    {
        get => _isFrozen;
        set => _isFrozen = value;
    }

    public override long TimestampFrequency => inner.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => inner.LocalTimeZone;

    public override DateTimeOffset GetUtcNow() => inner.GetUtcNow();

    public override long GetTimestamp() => inner.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => inner.CreateTimer(
        s =>
        {
            if (!_isFrozen)
            {
                callback(s);
            }
        },
        state, dueTime, period);
}

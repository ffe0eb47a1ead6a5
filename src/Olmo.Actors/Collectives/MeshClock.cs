namespace Olmo.Actors.Collectives;

/// <summary>Monotonic ticks of 100 ns since the mesh was made, and the moment that they mean.</summary>
internal sealed class MeshClock(TimeProvider time)
{
    private readonly long _start = time.GetTimestamp();
    private readonly DateTimeOffset _startedAt = time.GetUtcNow();

    /// <summary>Ticks since the start, at least 1.</summary>
    public long Now => time.GetElapsedTime(_start).Ticks + 1;

    public DateTimeOffset At(long ticks) => _startedAt + TimeSpan.FromTicks(ticks);
}

namespace Olmo.Actors.Ranks;

/// <summary>Where the engine of a rank is once the compute thread has made it.</summary>
internal sealed class EngineSlot : IDisposable
{
    private readonly ManualResetEventSlim _made = new();
    private readonly CancellationTokenSource _closed = new();
    private volatile IWorldEngine? _engine;
    private int _isClaimed;
    private SectionWatch? _watch;

    /// <summary>The engine; null until it is made.</summary>
    public IWorldEngine? Engine => _engine;

    /// <summary>Steps that it has done; 0 without an engine.</summary>
    public long Step => _engine?.Step ?? 0;

    /// <summary>Who gets true makes the engine, and gives the claim back where that fails.</summary>
    public bool TryClaim() => Interlocked.Exchange(ref _isClaimed, 1) == 0;

    /// <summary>The engine was not made: the next who asks tries again.</summary>
    public void GiveBack() => Interlocked.Exchange(ref _isClaimed, 0);

    /// <summary>By the compute thread: here it is.</summary>
    public void Set(IWorldEngine engine)
    {
        _engine = engine;
        _made.Set();
    }

    /// <summary>Waits for the engine.</summary>
    /// <exception cref="OperationCanceledException">Aborted, or the slot was closed: there will be none.</exception>
    public IWorldEngine Await(CancellationToken abort)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(abort, _closed.Token);
        _made.Wait(either.Token);
        return _engine!;
    }

    /// <summary>By the compute thread: what watches the engine ends with it.</summary>
    public void Watch(SectionWatch watch) => _watch = watch;

    /// <summary>Releases whoever waits for an engine.</summary>
    public void Close() => _closed.Cancel();

    /// <inheritdoc />
    public void Dispose()
    {
        _watch?.Dispose();
        _engine?.Dispose();
        _made.Dispose();
        _closed.Dispose();
    }
}

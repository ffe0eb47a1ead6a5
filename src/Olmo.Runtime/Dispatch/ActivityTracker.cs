namespace Olmo.Runtime.Dispatch;

/// <summary>
/// Counts mailboxes that are queued or running, so that a test with virtual time can wait until nothing is left to do. A system on real
/// time has none: the counter would be shared by all cores.
/// </summary>
internal sealed class ActivityTracker
{
    private readonly Lock _gate = new();
    private long _active;
    private long _begun;
    private TaskCompletionSource? _idle;

    /// <summary>Work ever begun: unchanged between two looks means that nothing happened.</summary>
    public long Begun => Interlocked.Read(ref _begun);

    public bool IsIdle => Interlocked.Read(ref _active) == 0;

    public void Begin()
    {
        Interlocked.Increment(ref _begun);
        Interlocked.Increment(ref _active);
    }

    public void End()
    {
        if (Interlocked.Decrement(ref _active) == 0)
        {
            Release();
        }
    }

    public Task WhenIdle()
    {
        Task task;
        lock (_gate)
        {
            _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            task = _idle.Task;
        }

        // Looked at after the registration: an End before it has released nobody.
        if (IsIdle)
        {
            Release();
        }

        return task;
    }

    private void Release()
    {
        TaskCompletionSource? waiting;
        lock (_gate)
        {
            waiting = _idle;
            _idle = null;
        }

        waiting?.TrySetResult();
    }
}

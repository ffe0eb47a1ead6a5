namespace Olmo.Runtime.Dispatch;

/// <summary>Where mailboxes run.</summary>
internal abstract class Dispatcher : IDisposable
{
    /// <summary>User messages that one run may take before the mailbox goes back to the end of the line.</summary>
    public const int Throughput = 30;

    public abstract void Execute(IThreadPoolWorkItem work);

    public abstract void Dispose();
}

/// <summary>The process's thread pool, which user actors share.</summary>
internal sealed class PoolDispatcher : Dispatcher
{
    public override void Execute(IThreadPoolWorkItem work) => ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: false);

    public override void Dispose()
    {
    }
}

/// <summary>
/// A few threads of its own, started at the first use, for the runtime's actors (cluster, journal): user code that blocks the pool
/// cannot starve heartbeats.
/// </summary>
internal sealed class DedicatedDispatcher(string name, int threads) : Dispatcher
{
    private readonly Queue<IThreadPoolWorkItem> _queue = new();
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _available = new(0);
    private int _started;
    private bool _disposed;

    public override void Execute(IThreadPoolWorkItem work)
    {
        lock (_gate)
        {
            if (_disposed)
            {
                ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: false);
                return;
            }

            _queue.Enqueue(work);
            if (_started < threads && _queue.Count > 0)
            {
                _started++;
                new Thread(Run) { IsBackground = true, Name = $"{name}-{_started}" }.Start();
            }
        }

        _available.Release();
    }

    public override void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
        }

        _available.Release(Math.Max(1, threads));
    }

    private void Run()
    {
        while (true)
        {
            _available.Wait();
            IThreadPoolWorkItem? work;
            lock (_gate)
            {
                if (!_queue.TryDequeue(out work) && _disposed)
                {
                    return;
                }
            }

            work?.Execute();
        }
    }
}

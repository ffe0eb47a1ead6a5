namespace Olmo.Runtime.Persistence;

/// <summary>Limits how many actors of a system recover at the same time, so that a restart of many does not flood the journal.</summary>
internal sealed class RecoveryPermits(int limit)
{
    private readonly SemaphoreSlim _free = new(limit);

    /// <summary>Waits for a permit; a session that was closed meanwhile gives it back at once and gets false.</summary>
    public async Task<bool> EnterAsync(Session session)
    {
        await _free.WaitAsync().ConfigureAwait(false);
        if (session.TryHold(_free))
        {
            return true;
        }

        _free.Release();
        return false;
    }

    /// <summary>One recovery: it gives its permit back exactly once, whatever comes first.</summary>
    internal sealed class Session
    {
        private readonly Lock _lock = new();
        private SemaphoreSlim? _held;
        private bool _closed;

        public bool TryHold(SemaphoreSlim free)
        {
            lock (_lock)
            {
                if (!_closed)
                {
                    _held = free;
                }

                return !_closed;
            }
        }

        public void Close()
        {
            lock (_lock)
            {
                _closed = true;
                _held?.Release();
                _held = null;
            }
        }
    }
}

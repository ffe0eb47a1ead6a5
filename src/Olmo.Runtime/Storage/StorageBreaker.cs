namespace Olmo.Runtime.Storage;

/// <summary>Counts failures of a storage in a row; open, it refuses calls without asking the storage. Being fenced is an answer, not a failure.</summary>
internal sealed class StorageBreaker(BreakerSettings settings, TimeProvider time)
{
    private readonly Lock _lock = new();
    private int _failures;
    private long _openedAt;
    private bool _probing;

    public async Task<T> CallAsync<T>(string operation, Func<Task<T>> call)
    {
        Enter(operation);
        try
        {
            T result = await call().WaitAsync(settings.CallTimeout, time).ConfigureAwait(false);
            Settle(failed: false);
            return result;
        }
        catch (FencedException)
        {
            Settle(failed: false);
            throw;
        }
        catch (Exception e) // every other failure counts, whatever its type
        {
            Settle(failed: true);
            if (e is TimeoutException)
            {
                throw new JournalUnavailableException(operation, new TimeoutException($"it took longer than {settings.CallTimeout}; whether it happened is unknown", e));
            }

            throw;
        }
    }

    private void Enter(string operation)
    {
        lock (_lock)
        {
            if (_failures < settings.MaxFailures)
            {
                return;
            }

            TimeSpan left = settings.ResetTimeout - time.GetElapsedTime(_openedAt);
            if (_probing || left > TimeSpan.Zero)
            {
                throw new JournalUnavailableException(operation, new IOException($"{_failures} calls in a row failed; the next try is in {(left > TimeSpan.Zero ? left : TimeSpan.Zero)}"));
            }

            _probing = true;
        }
    }

    private void Settle(bool failed)
    {
        lock (_lock)
        {
            _probing = false;
            _failures = failed ? _failures + 1 : 0;
            if (failed && _failures >= settings.MaxFailures)
            {
                _openedAt = time.GetTimestamp();
            }
        }
    }
}

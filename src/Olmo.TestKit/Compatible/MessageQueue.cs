using Olmo.Runtime.Actor;

namespace Olmo.Runtime.TestKit;

/// <summary>What a test actor has received and the test has not looked at yet.</summary>
internal sealed class MessageQueue : IDisposable
{
    private readonly LinkedList<Envelope> _messages = new();
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _available = new(0);

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _messages.Count;
            }
        }
    }

    public void Add(Envelope envelope)
    {
        lock (_gate)
        {
            _messages.AddLast(envelope);
        }

        _available.Release();
    }

    public bool TryTake(TimeSpan max, CancellationToken cancellation, out Envelope envelope)
    {
        envelope = default;
        return _available.Wait(max, cancellation) && Take(out envelope);
    }

    public async ValueTask<(bool Taken, Envelope Envelope)> TryTakeAsync(TimeSpan max, CancellationToken cancellation) =>
        await _available.WaitAsync(max, cancellation).ConfigureAwait(true) && Take(out Envelope envelope) ? (true, envelope) : default;

    public bool TryPeek(TimeSpan max, CancellationToken cancellation, out Envelope envelope)
    {
        envelope = default;
        if (!_available.Wait(max, cancellation))
        {
            return false;
        }

        lock (_gate)
        {
            envelope = _messages.First!.Value;
        }

        _available.Release();
        return true;
    }

    public void Dispose() => _available.Dispose();

    private bool Take(out Envelope envelope)
    {
        lock (_gate)
        {
            envelope = _messages.First!.Value;
            _messages.RemoveFirst();
            return true;
        }
    }
}

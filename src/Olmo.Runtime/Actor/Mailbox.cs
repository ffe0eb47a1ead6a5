using System.Collections.Concurrent;

namespace Olmo.Runtime.Actor;

/// <summary>Messages that wait for one actor: system messages, unstashed messages, then the queue. Many writers, one reader; the front belongs to the reader.</summary>
internal sealed class Mailbox
{
    private readonly ConcurrentQueue<SystemMessage> _system = new();
    private readonly ConcurrentQueue<Envelope> _user = new();
    private readonly LinkedList<Envelope> _front = new();

    public bool HasSystem => !_system.IsEmpty;

    public bool HasUser => _front.Count > 0 || !_user.IsEmpty;

    public int Count => _front.Count + _user.Count;

    public void Add(SystemMessage message) => _system.Enqueue(message);

    public void Add(Envelope envelope) => _user.Enqueue(envelope);

    public void Prepend(IReadOnlyList<Envelope> envelopes)
    {
        for (int i = envelopes.Count - 1; i >= 0; i--)
        {
            _front.AddFirst(envelopes[i]);
        }
    }

    public bool TryTakeSystem(out SystemMessage message) => _system.TryDequeue(out message!);

    public bool TryTakeUser(out Envelope envelope)
    {
        if (_front.First is { } first)
        {
            envelope = first.Value;
            _front.RemoveFirst();
            return true;
        }

        return _user.TryDequeue(out envelope);
    }
}

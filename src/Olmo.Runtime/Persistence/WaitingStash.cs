using Olmo.Runtime.Actor;

namespace Olmo.Runtime.Persistence;

/// <summary>
/// The actor's own stash: what it unstashes goes before the commands that wait for a write, as those are handed out one by one and came later.
/// </summary>
internal sealed class WaitingStash(IStash inner, LinkedList<Envelope> waiting) : IStash
{
    public int Count => inner.Count;

    public bool IsEmpty => inner.IsEmpty;

    public bool NonEmpty => inner.NonEmpty;

    public bool IsFull => inner.IsFull;

    public int Capacity => inner.Capacity;

    public void Stash() => inner.Stash();

    public void Unstash()
    {
        Envelope[] all = [.. inner.ClearStash()];
        if (all.Length > 0)
        {
            waiting.AddFirst(all[0]);
            inner.Prepend(all.Skip(1));
        }
    }

    public void UnstashAll() => UnstashAll(static _ => true);

    public void UnstashAll(Func<Envelope, bool> predicate)
    {
        foreach (Envelope envelope in inner.ClearStash().Where(predicate).Reverse())
        {
            waiting.AddFirst(envelope);
        }
    }

    public IEnumerable<Envelope> ClearStash() => inner.ClearStash();

    public void Prepend(IEnumerable<Envelope> envelopes) => inner.Prepend(envelopes);
}

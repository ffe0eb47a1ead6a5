namespace Olmo.Runtime.Actor;

/// <summary>Messages that an actor has put off.</summary>
public interface IStash
{
    int Count { get; }

    bool IsEmpty { get; }

    bool NonEmpty { get; }

    bool IsFull { get; }

    /// <summary>Most messages that fit; negative for no limit.</summary>
    int Capacity { get; }

    /// <summary>Puts the current message off.</summary>
    /// <exception cref="IllegalActorStateException">It has been put off already.</exception>
    /// <exception cref="StashOverflowException">The stash is full.</exception>
    void Stash();

    /// <summary>Moves the oldest message to the front of the mailbox.</summary>
    void Unstash();

    /// <summary>Moves all to the front of the mailbox, in their order.</summary>
    void UnstashAll();

    /// <summary>Moves those that match and drops the others.</summary>
    void UnstashAll(Func<Envelope, bool> predicate);

    /// <summary>Empties the stash and returns what was in it.</summary>
    IEnumerable<Envelope> ClearStash();

    /// <summary>Puts messages before those that are stashed.</summary>
    void Prepend(IEnumerable<Envelope> envelopes);
}

public interface IActorStash
{
    /// <summary>Set by the runtime after the constructor.</summary>
    IStash Stash { get; set; }
}

/// <summary>An actor with a stash without limit. On restart and stop it goes back to the mailbox by itself.</summary>
public interface IWithUnboundedStash : IActorStash;

/// <summary>An actor with a stash; limited where Props give it a capacity.</summary>
public interface IWithStash : IActorStash;

/// <summary>A stash over the front of an actor's mailbox.</summary>
internal sealed class MailboxStash(ActorCell cell, int capacity) : IStash
{
    private readonly LinkedList<Envelope> _messages = new();
    private long _lastStashed = -1;

    public int Count => _messages.Count;

    public bool IsEmpty => _messages.Count == 0;

    public bool NonEmpty => _messages.Count > 0;

    public bool IsFull => capacity >= 0 && _messages.Count >= capacity;

    public int Capacity => capacity;

    public void Stash()
    {
        Envelope envelope = cell.CurrentEnvelope;
        if (_lastStashed == cell.EnvelopeId)
        {
            throw new IllegalActorStateException($"Can't stash the same message {envelope.Message.GetType().Name} more than once.");
        }

        if (IsFull)
        {
            throw new StashOverflowException($"The stash of {cell.Self} holds {Count} messages and is full; the message {envelope.Message.GetType().Name} does not fit.");
        }

        _lastStashed = cell.EnvelopeId;
        _messages.AddLast(envelope);
    }

    public void Unstash()
    {
        if (_messages.First is { } first)
        {
            _messages.RemoveFirst();
            cell.Unstash([first.Value]);
        }
    }

    public void UnstashAll() => UnstashAll(static _ => true);

    public void UnstashAll(Func<Envelope, bool> predicate)
    {
        ArgumentNullException.ThrowIfNull(predicate);
        if (_messages.Count > 0)
        {
            cell.Unstash([.. _messages.Where(predicate)]);
            _messages.Clear();
        }
    }

    public IEnumerable<Envelope> ClearStash()
    {
        Envelope[] all = [.. _messages];
        _messages.Clear();
        return all;
    }

    public void Prepend(IEnumerable<Envelope> envelopes)
    {
        foreach (Envelope envelope in envelopes.Reverse())
        {
            _messages.AddFirst(envelope);
        }
    }
}

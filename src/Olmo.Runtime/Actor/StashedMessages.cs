namespace Olmo.Runtime.Actor;

/// <summary>The stash of one cell; touched on its turns alone.</summary>
internal sealed class StashedMessages(ActorCell cell, Mailbox mailbox) : IStash
{
    private readonly LinkedList<Envelope> _stashed = new();

    public int Count => _stashed.Count;

    public void Stash()
    {
        Envelope current = cell.CurrentEnvelope;
        if (_stashed.Last is { } last && ReferenceEquals(last.Value.Message, current.Message) && ReferenceEquals(last.Value.Sender, current.Sender))
        {
            throw new IllegalActorStateException($"Can't stash the same message {current.Message} more than once");
        }

        _stashed.AddLast(current);
    }

    public void Unstash()
    {
        if (_stashed.First is { } first)
        {
            _stashed.RemoveFirst();
            mailbox.Prepend([first.Value]);
        }
    }

    public void UnstashAll()
    {
        mailbox.Prepend([.. _stashed]);
        _stashed.Clear();
    }

    /// <summary>Before a restart or stop: back to the mailbox.</summary>
    public void ReleaseAll() => UnstashAll();
}

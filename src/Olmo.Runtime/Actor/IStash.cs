namespace Olmo.Runtime.Actor;

/// <summary>Messages put away by an actor for later.</summary>
public interface IStash
{
    /// <summary>Messages put away.</summary>
    int Count { get; }

    /// <summary>Puts the current message away.</summary>
    /// <exception cref="IllegalActorStateException">It is put away already.</exception>
    void Stash();

    /// <summary>Takes the oldest back, before everything in the mailbox.</summary>
    void Unstash();

    /// <summary>Takes all back, in order, before everything in the mailbox.</summary>
    void UnstashAll();
}

/// <summary>An actor with a stash.</summary>
public interface IWithUnboundedStash
{
    /// <summary>The stash.</summary>
    IStash Stash { get; set; }
}

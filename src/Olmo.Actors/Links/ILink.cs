namespace Olmo.Actors.Links;

/// <summary>This process's end of the control links: hub or endpoint.</summary>
public interface ILink
{
    /// <summary>Name of this endpoint, the first part of its addresses.</summary>
    string Name { get; }

    /// <summary>Begins to receive. Called once.</summary>
    /// <exception cref="LinkException">The link cannot be made.</exception>
    void Start(ILinkReceiver receiver);

    /// <summary>Sends at most once, in order per receiver, and never waits: what cannot be queued goes to <see cref="ILinkReceiver.OnDropped"/>.</summary>
    void Send(LinkEnvelope envelope);
}

/// <summary>Who hears what a link has to say. Called from the link's threads; must return soon and not throw.</summary>
public interface ILinkReceiver
{
    /// <summary>A message for this endpoint.</summary>
    void OnEnvelope(LinkEnvelope envelope);

    /// <summary>An endpoint came, went, fell silent or is heard again: <see cref="EndpointUp"/> and its kin.</summary>
    void OnPresence(object change);

    /// <summary>A message reached nobody.</summary>
    void OnDropped(LinkEnvelope envelope, string reason);
}

namespace Olmo.Actors.Links;

/// <summary>Stands for an actor of another process: what it is told is sent there, with its sender.</summary>
public sealed class RemoteActor : ReceiveActor
{
    private readonly IActorRef _links;
    private readonly string _address;

    /// <summary>Stands for an address, as <c>coordinator/user/run</c>.</summary>
    /// <param name="links">The <see cref="LinkActor"/> of this process.</param>
    /// <param name="address">Endpoint and path.</param>
    public RemoteActor(IActorRef links, string address)
    {
        _links = links;
        _address = address;
        ReceiveAny(message => _links.Tell(new SendToRemote(_address, message), Sender));
    }

    /// <inheritdoc />
    protected override void PreStart() => _links.Tell(new RemoteStarted(_address), Self);
}

/// <summary>To the link's actor: this goes to another process.</summary>
internal sealed record SendToRemote(string Address, object Message);

/// <summary>To the link's actor: the sender stands for this address.</summary>
internal sealed record RemoteStarted(string Address);

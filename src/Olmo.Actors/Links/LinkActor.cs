using Olmo.Actors.Contracts;

namespace Olmo.Actors.Links;

/// <summary>To a process's <see cref="LinkActor"/>: other processes may send to this actor under its path.</summary>
public sealed record Publish(IActorRef Actor);

/// <summary>To a process's <see cref="LinkActor"/>: an endpoint will not come back under this name, so what stands for its actors ends.</summary>
public sealed record Forget(string Endpoint);

/// <summary>Makes the list of contracts of a process: see <see cref="LinkContracts"/>.</summary>
public delegate IReadOnlyList<Contract> ContractsOf(Func<IActorRef, string> addressOf, Func<string, IActorRef> resolve);

/// <summary>
/// Joins the actors of this process to the links. A handle that leaves the process, as a sender or inside a message, is published under its path and becomes an address; an address
/// that arrives becomes a <see cref="RemoteActor"/>. So actors of different processes go on with Tell and Sender. Only what is published can be reached, and only messages of
/// <see cref="LinkContracts"/> exist: an unknown contract is an error that is named, and the link stays.
/// </summary>
public sealed class LinkActor : ReceiveActor
{
    private readonly ILink _link;
    private readonly ContractRegistry _contracts;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<string, IActorRef> _published = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IActorRef> _remotes = new(StringComparer.Ordinal);
    private readonly Dictionary<IActorRef, string> _addresses = [];

    /// <summary>Joins a link, which it starts and whose owner disposes it.</summary>
    /// <param name="link">The link.</param>
    /// <param name="contracts">What may be sent and received; <see cref="LinkContracts.Create"/> where it is null.</param>
    public LinkActor(ILink link, ContractsOf? contracts = null)
    {
        ArgumentNullException.ThrowIfNull(link);
        _link = link;
        _contracts = new ContractRegistry((contracts ?? LinkContracts.Create)(AddressOf, Resolve));
        Receive<Publish>(m => AddressOf(m.Actor));
        Receive<Forget>(OnForget);
        Receive<RemoteStarted>(m => _addresses[Sender] = m.Address);
        Receive<SendToRemote>(OnSend);
        Receive<Received>(m => OnReceived(m.Envelope));
        Receive<Dropped>(m => _log.Warning("{0} from {1} to {2} reached nobody: {3}", m.Manifest, m.From, m.To, m.Reason));
        Receive<Changed>(m => Context.System.EventStream.Publish(m.Presence));
        Receive<Terminated>(OnTerminated);
    }

    /// <inheritdoc />
    protected override void PreStart() => _link.Start(new Receiver(Self));

    /// <inheritdoc />
    protected override void PostRestart(Exception reason)
    {
        // The link is started already and goes on telling the same handle.
    }

    private void OnSend(SendToRemote send)
    {
        string from = Sender.Equals(Context.System.DeadLetters) ? _link.Name : AddressOf(Sender);
        try
        {
            (string manifest, byte[] body) = _contracts.Encode(send.Message);
            _link.Send(new LinkEnvelope(send.Address, from, manifest, body));
        }
        catch (ArgumentException e)
        {
            _log.Error("a message to {0} cannot be sent: {1}", send.Address, e.Message);
        }
    }

    private void OnReceived(LinkEnvelope envelope)
    {
        string path = envelope.To[LinkEnvelope.EndpointOf(envelope.To).Length..];
        if (!_published.TryGetValue(path, out IActorRef? target))
        {
            _log.Warning("{0} from {1} to {2} reached nobody: no such actor is published", envelope.Manifest, envelope.From, envelope.To);
            return;
        }

        try
        {
            object message = _contracts.DecodeStrict(envelope.Manifest, envelope.Body);
            bool hasSender = envelope.From.Contains('/', StringComparison.Ordinal);
            target.Tell(message, hasSender ? Resolve(envelope.From) : ActorRefs.NoSender);
        }
        catch (Exception e) when (e is UnknownManifestException or PayloadException)
        {
            _log.Error("a message from {0} was refused: {1}", envelope.From, e.Message);
            Context.System.EventStream.Publish(new MessageRefused(envelope.From, envelope.Manifest, e.Message));
        }
    }

    private string AddressOf(IActorRef actor)
    {
        if (_addresses.TryGetValue(actor, out string? remote))
        {
            return remote;
        }

        string path = actor.Path.ToStringWithoutAddress();
        if (!_published.TryGetValue(path, out IActorRef? known) || !known.Equals(actor))
        {
            _published[path] = actor;
            Context.Watch(actor);
        }

        return _link.Name + path;
    }

    private IActorRef Resolve(string address)
    {
        string endpoint = LinkEnvelope.EndpointOf(address);
        if (endpoint == _link.Name)
        {
            return _published.GetValueOrDefault(address[endpoint.Length..], Context.System.DeadLetters);
        }

        if (_remotes.TryGetValue(address, out IActorRef? known))
        {
            return known;
        }

        IActorRef links = Self;
        IActorRef remote = Context.ActorOf(Props.Create(() => new RemoteActor(links, address)), address.Replace('/', '~'));
        _remotes[address] = remote;
        _addresses[remote] = address;
        return remote;
    }

    private void OnForget(Forget forget)
    {
        foreach ((string address, IActorRef remote) in _remotes.Where(r => LinkEnvelope.EndpointOf(r.Key) == forget.Endpoint).ToArray())
        {
            _remotes.Remove(address);
            _addresses.Remove(remote);
            Context.Stop(remote);
        }
    }

    private void OnTerminated(Terminated gone)
    {
        string path = gone.ActorRef.Path.ToStringWithoutAddress();
        if (_published.TryGetValue(path, out IActorRef? known) && known.Equals(gone.ActorRef))
        {
            _published.Remove(path);
        }
    }

    private sealed record Received(LinkEnvelope Envelope);

    private sealed record Dropped(string Manifest, string From, string To, string Reason);

    private sealed record Changed(object Presence);

    private sealed class Receiver(IActorRef self) : ILinkReceiver
    {
        public void OnEnvelope(LinkEnvelope envelope) => self.Tell(new Received(envelope), ActorRefs.NoSender);

        public void OnPresence(object change) => self.Tell(new Changed(change), ActorRefs.NoSender);

        public void OnDropped(LinkEnvelope envelope, string reason) => self.Tell(new Dropped(envelope.Manifest, envelope.From, envelope.To, reason), ActorRefs.NoSender);
    }
}

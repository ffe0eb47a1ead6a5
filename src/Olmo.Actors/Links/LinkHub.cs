using System.Net;
using System.Net.Sockets;

namespace Olmo.Actors.Links;

/// <summary>
/// The node's end of the control links: takes connections on loopback, routes messages between endpoints, and tells who is there. A newer process under a name takes the place of
/// an older one; its messages are those of the name, so that nobody needs to be told of a successor. What is sent to an absent endpoint is dropped.
/// </summary>
public sealed class LinkHub : ILink, IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkConnection> _connections = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _newest = new(StringComparer.Ordinal);
    private readonly LinkSettings _settings;
    private readonly byte[] _secret;
    private readonly TimeProvider _time;
    private readonly FillRandom _random;
    private readonly Socket _listener;
    private ILinkReceiver? _receiver;
    private ITimer? _heartbeat;
    private bool _disposed;

    /// <summary>Listens on a free port of loopback; connections are taken from <see cref="Start"/> on.</summary>
    /// <param name="name">Name of this endpoint.</param>
    /// <param name="secret">What endpoints must know: at least 32 bytes.</param>
    /// <param name="settings">Limits and times.</param>
    /// <param name="time">Clock.</param>
    /// <param name="random">Fills a nonce with bytes that nobody can guess.</param>
    public LinkHub(string name, ReadOnlySpan<byte> secret, LinkSettings settings, TimeProvider time, FillRandom random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(secret.Length, 32, nameof(secret));
        Name = name;
        _secret = secret.ToArray();
        _settings = settings;
        _time = time;
        _random = random;
        _listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(512);
        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
    }

    /// <inheritdoc />
    public string Name { get; }

    /// <summary>Port on loopback.</summary>
    public int Port { get; }

    /// <inheritdoc />
    public void Start(ILinkReceiver receiver)
    {
        ArgumentNullException.ThrowIfNull(receiver);
        _receiver = receiver;
        _heartbeat = _time.CreateTimer(_ => Beat(), null, _settings.Heartbeat, _settings.Heartbeat);
        new Thread(AcceptAll) { IsBackground = true, Name = "link-accept" }.Start();
    }

    /// <inheritdoc />
    public void Send(LinkEnvelope envelope)
    {
        ArgumentNullException.ThrowIfNull(envelope);
        string endpoint = LinkEnvelope.EndpointOf(envelope.To);
        if (endpoint == Name)
        {
            _receiver!.OnEnvelope(envelope);
            return;
        }

        LinkConnection? connection;
        lock (_lock)
        {
            connection = _connections.GetValueOrDefault(endpoint);
        }

        if (connection is null)
        {
            _receiver!.OnDropped(envelope, $"endpoint '{endpoint}' is not connected");
        }
        else if (!connection.Send(envelope))
        {
            _receiver!.OnDropped(envelope, $"endpoint '{endpoint}' does not read: {_settings.MaxQueuedBytes:N0} bytes wait for it");
        }
    }

    /// <summary>Closes everything; endpoints end.</summary>
    public void Dispose()
    {
        LinkConnection[] open;
        lock (_lock)
        {
            _disposed = true;
            open = [.. _connections.Values];
        }

        _heartbeat?.Dispose();
        _listener.Dispose();
        foreach (LinkConnection connection in open)
        {
            connection.Close("the node ends");
        }
    }

    private void AcceptAll()
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = _listener.Accept();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                if (_disposed)
                {
                    return;
                }

                continue; // a connection that was reset while it waited
            }

            // A thread each: a peer that opens a socket and says nothing delays nobody.
            new Thread(() => Admit(socket)) { IsBackground = true, Name = "link-handshake" }.Start();
        }
    }

    private void Admit(Socket socket)
    {
        NetworkStream stream = new(socket, ownsSocket: false);
        try
        {
            socket.NoDelay = true;
            socket.ReceiveTimeout = socket.SendTimeout = (int)_settings.Handshake.TotalMilliseconds;
            (string name, long incarnation) = LinkHandshake.Accept(stream, _secret, _random);
            if (name == Name)
            {
                LinkHandshake.Refuse(stream, $"'{name}' is the node's own name");
                throw new LinkException("an endpoint with the node's name");
            }

            LinkConnection connection = new(socket, stream, name, incarnation, _settings, _time, OnReceived, OnClosed, OnHeard);
            Enter(connection, stream, socket);
        }
        catch (Exception e) when (e is IOException or SocketException or LinkException or ObjectDisposedException)
        {
            stream.Dispose();
            socket.Dispose();
        }
    }

    private void Enter(LinkConnection connection, NetworkStream stream, Socket socket)
    {
        LinkConnection? older;
        lock (_lock)
        {
            if (_disposed || connection.Incarnation < _newest.GetValueOrDefault(connection.Peer, long.MinValue))
            {
                LinkHandshake.Refuse(stream, $"a newer process has the name '{connection.Peer}'");
                throw new LinkException("an older process");
            }

            older = _connections.GetValueOrDefault(connection.Peer);
            _newest[connection.Peer] = connection.Incarnation;
        }

        older?.Close("a successor has its name");

        // It is entered before it is welcomed: what anybody sends to it once it knows that its link stands waits in its queue, and is not dropped.
        lock (_lock)
        {
            if (_disposed || _newest[connection.Peer] != connection.Incarnation)
            {
                throw new LinkException("a newer process came meanwhile");
            }

            _connections[connection.Peer] = connection;
            _receiver!.OnPresence(new EndpointUp(connection.Peer, connection.Incarnation));
        }

        try
        {
            LinkHandshake.Welcome(stream);
            socket.ReceiveTimeout = socket.SendTimeout = 0;
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            connection.Close($"it was not welcomed: {e.Message}");
            throw;
        }

        connection.Start();
    }

    private void OnReceived(LinkConnection connection, LinkEnvelope envelope)
    {
        if (LinkEnvelope.EndpointOf(envelope.From) != connection.Peer)
        {
            _receiver!.OnDropped(envelope, $"'{connection.Peer}' sent it as somebody else");
            return;
        }

        Send(envelope);
    }

    private void OnClosed(LinkConnection connection, string reason)
    {
        lock (_lock)
        {
            if (_connections.GetValueOrDefault(connection.Peer) == connection)
            {
                _connections.Remove(connection.Peer);
                _receiver!.OnPresence(new EndpointDown(connection.Peer, connection.Incarnation, reason));
            }
        }
    }

    private void OnHeard(LinkConnection connection)
    {
        lock (_lock)
        {
            if (connection.IsSilent)
            {
                connection.IsSilent = false;
                _receiver!.OnPresence(new EndpointHeard(connection.Peer, connection.Incarnation));
            }
        }
    }

    private void Beat()
    {
        lock (_lock)
        {
            foreach (LinkConnection connection in _connections.Values)
            {
                TimeSpan unanswered = connection.Unanswered;
                if (unanswered >= _settings.Silence && !connection.IsSilent)
                {
                    connection.IsSilent = true;
                    _receiver!.OnPresence(new EndpointSilent(connection.Peer, connection.Incarnation, unanswered));
                }

                connection.Ping();
            }
        }
    }
}

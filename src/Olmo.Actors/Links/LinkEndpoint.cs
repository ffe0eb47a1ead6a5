using System.Net;
using System.Net.Sockets;
using Olmo.Actors.Drills;

namespace Olmo.Actors.Links;

/// <summary>A child process's end of the control links. A broken connection is made again at once; where nobody listens any more the node is dead, and <see cref="LinkLost"/> says so.</summary>
public sealed class LinkEndpoint : ILink, IDisposable
{
    private readonly Lock _lock = new();
    private readonly int _port;
    private readonly byte[] _secret;
    private readonly long _incarnation;
    private readonly LinkSettings _settings;
    private readonly TimeProvider _time;
    private readonly FillRandom _random;
    private readonly IDrill _drill;
    private ILinkReceiver? _receiver;
    private LinkConnection? _connection;
    private bool _disposed;

    /// <summary>An endpoint that is not connected yet.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="incarnation">Number of this process.</param>
    /// <param name="port">The hub's port on loopback.</param>
    /// <param name="secret">The node's secret.</param>
    /// <param name="settings">Limits and times.</param>
    /// <param name="time">Clock.</param>
    /// <param name="random">Fills a nonce with bytes that nobody can guess.</param>
    /// <param name="drill">May lose the link.</param>
    public LinkEndpoint(
        string name, long incarnation, int port, ReadOnlySpan<byte> secret, LinkSettings settings, TimeProvider time, FillRandom random, IDrill? drill = null)
    {
        Name = name;
        _incarnation = incarnation;
        _port = port;
        _secret = secret.ToArray();
        _settings = settings;
        _time = time;
        _random = random;
        _drill = drill ?? NoDrill.Instance;
    }

    /// <inheritdoc />
    public string Name { get; }

    /// <inheritdoc />
    public void Start(ILinkReceiver receiver)
    {
        ArgumentNullException.ThrowIfNull(receiver);
        _receiver = receiver;
        Connect();
    }

    /// <inheritdoc />
    public void Send(LinkEnvelope envelope)
    {
        ArgumentNullException.ThrowIfNull(envelope);
        LinkConnection? connection;
        lock (_lock)
        {
            connection = _connection;
        }

        if (connection?.Send(envelope) != true)
        {
            _receiver!.OnDropped(envelope, connection is null ? "the hub is not connected" : "the hub does not read");
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        LinkConnection? connection;
        lock (_lock)
        {
            _disposed = true;
            connection = _connection;
        }

        connection?.Close("this process ends");
    }

    private void Connect()
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        NetworkStream? stream = null;
        try
        {
            socket.Connect(IPAddress.Loopback, _port);
            socket.ReceiveTimeout = socket.SendTimeout = (int)_settings.Handshake.TotalMilliseconds;
            stream = DrillNetworkStream.Over(socket, _drill);
            LinkHandshake.Join(stream, _secret, Name, _incarnation, _random);
            socket.ReceiveTimeout = socket.SendTimeout = 0;
        }
        catch (Exception e) when (e is IOException or SocketException or LinkException)
        {
            stream?.Dispose();
            socket.Dispose();
            throw e as LinkException ?? new LinkException($"the node on port {_port} cannot be reached: {e.Message}", e);
        }

        LinkConnection connection = new(socket, stream, "node", _incarnation, _settings, _time, (_, envelope) => _receiver!.OnEnvelope(envelope), OnClosed);
        lock (_lock)
        {
            _connection = connection;
        }

        connection.Start();
    }

    private void OnClosed(LinkConnection connection, string reason)
    {
        lock (_lock)
        {
            if (_disposed || _connection != connection)
            {
                return;
            }

            _connection = null;
        }

        try
        {
            Connect();
        }
        catch (LinkException e)
        {
            _receiver!.OnPresence(new LinkLost($"{reason}; {e.Message}"));
        }
    }
}

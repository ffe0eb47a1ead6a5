using System.Net.Sockets;

namespace Olmo.Actors.Collectives;

/// <summary>The operating system's TCP.</summary>
public sealed class TcpSockets : ISocketFactory
{
    /// <inheritdoc />
    public Socket Create(AddressFamily family) => new(family, SocketType.Stream, ProtocolType.Tcp);
}

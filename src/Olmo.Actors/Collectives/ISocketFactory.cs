using System.Net.Sockets;

namespace Olmo.Actors.Collectives;

/// <summary>Makes the sockets of the data plane; tests hand in their own to see or to break them.</summary>
public interface ISocketFactory
{
    /// <summary>A stream socket in blocking mode, not yet bound or connected.</summary>
    Socket Create(AddressFamily family);
}

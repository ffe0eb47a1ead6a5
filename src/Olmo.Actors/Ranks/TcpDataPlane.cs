using System.Net;
using Olmo.Actors.Collectives;
using Olmo.Actors.Worlds;

namespace Olmo.Actors.Ranks;

/// <summary>Meshes over TCP: one listener for all generations of this process.</summary>
/// <param name="run">Name of the run; part of every handshake.</param>
/// <param name="listener">Takes the connections; the caller disposes it.</param>
/// <param name="settings">Limits and timeouts.</param>
/// <param name="sockets">Makes sockets.</param>
/// <param name="time">Clock.</param>
public sealed class TcpDataPlane(string run, MeshListener listener, MeshSettings settings, ISocketFactory sockets, TimeProvider time) : IDataPlane
{
    /// <inheritdoc />
    public string EndPoint => listener.EndPoint.ToString();

    /// <inheritdoc />
    public IMesh Connect(GenerationPlan plan, int self, IReadOnlyList<string> endPoints, ReadOnlyMemory<byte> secret, IMeshHandler handler, CancellationToken abort)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(endPoints);
        return TcpMesh.Open(
            new MeshIdentity(run, plan.Generation, self, secret), [.. endPoints.Select(e => IPEndPoint.Parse(e))], listener, handler, settings, sockets, time, abort);
    }
}

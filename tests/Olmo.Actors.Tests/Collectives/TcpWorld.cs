using System.Net;
using Olmo.Actors.Collectives;

namespace Olmo.Actors.Tests.Collectives;

/// <summary>Listeners on ephemeral loopback ports, and the meshes that are opened over them.</summary>
internal sealed class TcpWorld : IDisposable
{
    public const string Run = "conformance";

    private readonly TimeProvider _time;
    private readonly ISocketFactory _sockets;
    private readonly MeshSettings _settings;

    public TcpWorld(int size, MeshSettings? settings = null, TimeProvider? time = null, ISocketFactory? sockets = null)
    {
        _time = time ?? TimeProvider.System;
        _sockets = sockets ?? new TcpSockets();
        _settings = settings ?? new MeshSettings();
        Listeners = [.. Enumerable.Range(0, size).Select(_ => MeshListener.Start(new IPEndPoint(IPAddress.Loopback, 0), _sockets, _settings.Timeouts, _time))];
    }

    public static ReadOnlyMemory<byte> Secret { get; } = Enumerable.Range(0, 32).Select(i => (byte)(i * 7)).ToArray();

    public IReadOnlyList<MeshListener> Listeners { get; }

    public IReadOnlyList<IPEndPoint> EndPoints => [.. Listeners.Select(l => l.EndPoint)];

    public static MeshIdentity Identity(int self, long generation = 7, string run = Run, ReadOnlyMemory<byte>? secret = null) =>
        new(run, generation, self, secret ?? Secret);

    public IMesh Open(MeshIdentity identity, IMeshHandler? handler = null, IReadOnlyList<IPEndPoint>? endPoints = null, CancellationToken cancellationToken = default) =>
        TcpMesh.Open(identity, endPoints ?? EndPoints, Listeners[identity.Self], handler ?? new RecordingHandler(), _settings, _sockets, _time, cancellationToken);

    public Task<IMesh> OpenAsync(MeshIdentity identity, IMeshHandler? handler = null, IReadOnlyList<IPEndPoint>? endPoints = null, CancellationToken cancellationToken = default) =>
        Task.Factory.StartNew(
            () => Open(identity, handler, endPoints, cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public MeshWorld OpenAll() => OpenAll(7, Dispose);

    public MeshWorld OpenAllKeepingListeners(long generation) => OpenAll(generation, () => { });

    private MeshWorld OpenAll(long generation, Action dispose)
    {
        RecordingHandler[] handlers = [.. Listeners.Select(_ => new RecordingHandler())];
        Task<IMesh>[] opening = [.. handlers.Select((h, i) => OpenAsync(Identity(i, generation), h))];
        IMesh[] meshes = Wait(Task.WhenAll(opening));
        return new MeshWorld(meshes, handlers, () =>
        {
            foreach (IMesh mesh in meshes)
            {
                mesh.Dispose();
            }

            dispose();
        });
    }

    public static T Wait<T>(Task<T> task) =>
        Task.WhenAny(task, Task.Delay(MeshWorld.Patience, TimeProvider.System)).GetAwaiter().GetResult() == task
            ? task.GetAwaiter().GetResult()
            : throw new TimeoutException($"not done in {MeshWorld.Patience}");

    public void Dispose()
    {
        foreach (MeshListener listener in Listeners)
        {
            listener.Dispose();
        }
    }
}

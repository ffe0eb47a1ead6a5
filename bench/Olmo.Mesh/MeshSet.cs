using System.Net;
using Olmo.Actors.Collectives;

namespace Olmo.Mesh;

/// <summary>All ranks of a world in this process, over loopback TCP.</summary>
internal sealed class MeshSet : IDisposable
{
    private static readonly TcpSockets Sockets = new();

    private readonly MeshListener[] _listeners;
    private readonly MeshSettings _settings;
    private long _generation;

    public MeshSet(int size, MeshSettings settings)
    {
        _settings = settings;
        _listeners = [.. Enumerable.Range(0, size).Select(_ => MeshListener.Start(new IPEndPoint(IPAddress.Loopback, 0), Sockets, settings.Timeouts, TimeProvider.System))];
    }

    /// <summary>Opens the next generation; the caller disposes its meshes.</summary>
    public IMesh[] Open(Func<int, IMeshHandler> handler)
    {
        long generation = ++_generation;
        IPEndPoint[] endPoints = [.. _listeners.Select(l => l.EndPoint)];
        IMesh[] meshes = new IMesh[_listeners.Length];
        Parallel(meshes.Length, i => meshes[i] = TcpMesh.Open(
            new MeshIdentity("bench", generation, i, new byte[32]), endPoints, _listeners[i], handler(i), _settings, Sockets, TimeProvider.System));
        return meshes;
    }

    /// <summary>Runs one action per rank on threads of their own.</summary>
    public static void Parallel(int count, Action<int> action)
    {
        Task[] tasks = [.. Enumerable.Range(0, count).Select(i => Task.Factory.StartNew(
            () => action(i), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
        Task.WaitAll(tasks);
    }

    public void Dispose()
    {
        foreach (MeshListener listener in _listeners)
        {
            listener.Dispose();
        }
    }
}

/// <summary>Counts messages and says when as many have come as were asked for.</summary>
internal sealed class CountingHandler : IMeshHandler
{
    private readonly ManualResetEventSlim _done = new();
    private long _left;

    public void Expect(long messages)
    {
        _done.Reset();
        Interlocked.Exchange(ref _left, messages);
    }

    public void Wait() => _done.Wait();

    public void OnMessage(int peer, ushort kind, ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload)
    {
        if (Interlocked.Decrement(ref _left) == 0)
        {
            _done.Set();
        }
    }
}

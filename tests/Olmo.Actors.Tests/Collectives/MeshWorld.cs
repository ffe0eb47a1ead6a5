using Olmo.Actors.Collectives;

namespace Olmo.Actors.Tests.Collectives;

/// <summary>A world under test: its meshes by position and the handlers they were opened with.</summary>
internal sealed class MeshWorld(IReadOnlyList<IMesh> meshes, IReadOnlyList<RecordingHandler> handlers, Action dispose) : IDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public IReadOnlyList<IMesh> Meshes => meshes;

    public IReadOnlyList<RecordingHandler> Handlers => handlers;

    /// <summary>Runs one action per rank, each on a thread of its own, and rethrows the first exception.</summary>
    public void OnAll(Action<IMesh> action)
    {
        Task[] tasks = [.. meshes.Select(mesh => Run(() => action(mesh)))];
        if (!Task.WhenAll(tasks).ContinueWith(_ => { }, TaskScheduler.Default).Wait(Patience))
        {
            throw new TimeoutException($"ranks were still busy after {Patience}");
        }

        foreach (Task task in tasks)
        {
            task.GetAwaiter().GetResult();
        }
    }

    public static Task Run(Action action) => Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>The error with which a mesh ends, or has ended.</summary>
    public static MeshError ErrorOf(IMesh mesh)
    {
        TaskCompletionSource<MeshError> failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        mesh.Failed += e => failed.TrySetResult(e);
        return failed.Task.Wait(Patience) ? failed.Task.Result : throw new TimeoutException($"position {mesh.Self} did not fail in {Patience}");
    }

    public void Dispose() => dispose();
}

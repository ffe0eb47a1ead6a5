using Olmo.Actors.Checkpoints;
using Olmo.Actors.Drills;
using Olmo.Actors.ObjectStorage;
using Olmo.Actors.Runs;

namespace Olmo.Actors.Ranks;

/// <summary>
/// Phase 1 of a checkpoint, off the step path: one thread of low priority that writes a staged copy, shard by shard, and reports. The next copy is taken only when this
/// one is written, so that at most one is in memory.
/// </summary>
internal sealed class ShardWriter : IDisposable
{
    private readonly IObjectStore _store;
    private readonly IPhaseProbe _probe;
    private readonly Guards _guards;
    private readonly SemaphoreSlim _idle = new(1);
    private readonly CancellationTokenSource _closing = new();
    private Thread? _thread;

    public ShardWriter(IObjectStore store, IPhaseProbe probe, Guards guards)
    {
        _store = store;
        _probe = probe;
        _guards = guards;
    }

    /// <summary>By the compute thread: waits until the copy before this one is written.</summary>
    public void WaitUntilIdle(CancellationToken abort) => _idle.Wait(abort);

    /// <summary>Starts to write a copy; the caller has waited by <see cref="WaitUntilIdle"/>. The report goes to <paramref name="rank"/>.</summary>
    public void Start(IStagedState staged, int timeline, long generation, IActorRef rank)
    {
        _thread = new Thread(() =>
        {
            Posix.LowerPriority();
            Write(staged, timeline, generation, rank, _closing.Token);
        })
        { IsBackground = true, Name = $"shards-{staged.Step}" };
        _thread.Start();
    }

    /// <summary>Writes a state that is copied shard by shard; the caller, the compute thread, changes nothing until this returns.</summary>
    public void WriteHere(IStagedState staged, int timeline, long generation, IActorRef rank, CancellationToken abort) => Write(staged, timeline, generation, rank, abort);

    /// <inheritdoc />
    public void Dispose()
    {
        _closing.Cancel();
        _thread?.Join();
        _closing.Dispose();
        _idle.Dispose();
    }

    private void Write(IStagedState staged, int timeline, long generation, IActorRef rank, CancellationToken end)
    {
        object report;
        try
        {
            List<ShardEntry> entries = new(staged.Shards.Count);
            foreach (int shard in staged.Shards)
            {
                _probe.Reached(Phases.ShardWrite, staged.Step);
                entries.Add(staged.Write(shard, _store, end));
            }

            _probe.Reached(Phases.ShardsWritten, staged.Step);
            report = new ShardsStored(timeline, staged.Step, generation, staged.Facts, entries);
        }
        catch (OperationCanceledException)
        {
            report = new CheckpointFailed(timeline, staged.Step, generation, "the rank left its world");
        }
        catch (Exception e) when (_guards.SaveFailure && e is (IOException or UnauthorizedAccessException))
        {
            report = new ShardsFailed(timeline, staged.Step, generation, e);
        }
        finally
        {
            staged.Dispose();
        }

        rank.Tell(report, ActorRefs.NoSender);
        _idle.Release();
    }
}

/// <summary>From the writer: the copy could not be written.</summary>
internal sealed record ShardsFailed(int Timeline, long Step, long Generation, Exception Cause);

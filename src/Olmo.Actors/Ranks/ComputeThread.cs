using System.Collections.Concurrent;
using System.Collections.Immutable;
using Olmo.Actors.Runs;

namespace Olmo.Actors.Ranks;

/// <summary>
/// The thread that computes. It takes one piece of work after the other; the rank's actor stays free to answer and to abort, and hears of the end of each
/// piece by a message. An exception in a piece of work becomes <see cref="RankFailed"/>.
/// </summary>
internal sealed class ComputeThread : IDisposable
{
    private readonly BlockingCollection<Action> _work = new();
    private readonly Thread _thread;
    private readonly IActorRef _rank;

    public ComputeThread(IActorRef rank, string name)
    {
        _rank = rank;
        _thread = new Thread(Run) { IsBackground = true, Name = name };
        _thread.Start();
    }

    /// <summary>Appends a piece of work of one generation.</summary>
    /// <param name="generation">World that it belongs to.</param>
    /// <param name="step">Step to name if it fails.</param>
    /// <param name="work">Runs on the thread and ends early by <see cref="OperationCanceledException"/> when aborted.</param>
    public void Enqueue(long generation, Func<long> step, Action work) => _work.Add(() =>
    {
        try
        {
            work();
        }
        catch (OperationCanceledException)
        {
            _rank.Tell(new ComputeAborted(generation), ActorRefs.NoSender);
        }
        catch (CheckpointUnreadableException e)
        {
            _rank.Tell(new RankFailed(generation, FaultKind.UnreadableCheckpoint, e.Message, e.Step, e.File, e), ActorRefs.NoSender);
        }
        catch (NonFiniteStepException e)
        {
            _rank.Tell(new RankFailed(generation, FaultKind.NonFinite, e.Message, e.Step, null, e), ActorRefs.NoSender);
        }
        catch (RollBackStepException e)
        {
            _rank.Tell(new RankFailed(generation, e.Kind, e.Message, e.Step, null, e), ActorRefs.NoSender);
        }
        catch (Exception e) // the boundary of the rank: whatever happened becomes a typed fault, and the supervisor decides
        {
            _rank.Tell(new RankFailed(generation, FaultKind.Compute, $"{e.GetType().Name}: {e.Message}", step(), null, e), ActorRefs.NoSender);
        }
    });

    /// <summary>Lets the queued work end (it was aborted before) and joins the thread.</summary>
    public void Dispose()
    {
        _work.CompleteAdding();
        _thread.Join();
        _work.Dispose();
    }

    private void Run()
    {
        foreach (Action work in _work.GetConsumingEnumerable())
        {
            work();
        }
    }
}

/// <summary>From the compute thread: a piece of work ended because its world was aborted.</summary>
internal sealed record ComputeAborted(long Generation);

/// <summary>From the compute thread: a step is done; its batch's slot may be filled again.</summary>
internal sealed record StepDone(long Generation, StepCompleted Step);

/// <summary>From the compute thread: the state of a step was copied and its shards are being written.</summary>
internal sealed record StateStaged(long Generation, long Step, ImmutableArray<int> Shards, long AppliedIn);

/// <summary>From the compute thread: the training loop ended at a step, by its end or because somebody asked.</summary>
internal sealed record LoopEnded(long Generation, long Step, bool IsComplete);

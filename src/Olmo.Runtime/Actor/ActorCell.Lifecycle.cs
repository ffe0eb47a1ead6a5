using Olmo.Runtime.Event;

namespace Olmo.Runtime.Actor;

/// <content>Creation, failure, restart and termination.</content>
internal sealed partial class ActorCell
{
    private static readonly TimeSpan AwaitGrace = TimeSpan.FromSeconds(5);

    private Life _life = Life.Created;
    private volatile bool _isTerminated;
    private int _suspended;
    private bool _stopDeferred;
    private Exception? _restartCause;
    private object? _failedMessage;

    private enum Life
    {
        Created,
        Alive,
        Restarting,
        Stopping,
        Stopped,
    }

    public void Watch(InternalActorRef subject)
    {
        if (!subject.Equals(Self) && _watching.Add(subject))
        {
            subject.SendSystem(new SystemMessage.Watch(Ref));
        }
    }

    private void HandleSystem(SystemMessage message)
    {
        if (_isTerminated)
        {
            if (message is SystemMessage.Watch late)
            {
                late.Watcher.SendSystem(new SystemMessage.DeathNotice(Ref, false));
            }

            return;
        }

        switch (message)
        {
            case SystemMessage.Create:
                Create();
                break;
            case SystemMessage.Stop:
                OnStop();
                break;
            case SystemMessage.Suspend:
                _suspended++;
                ToChildren(new SystemMessage.Suspend());
                break;
            case SystemMessage.Resume resume:
                _suspended = Math.Max(0, _suspended - 1);
                ToChildren(new SystemMessage.Resume(resume.CausedBy));
                break;
            case SystemMessage.Recreate recreate:
                BeginRestart(recreate.Cause);
                break;
            case SystemMessage.Watch watch:
                _watchers.Add(watch.Watcher);
                break;
            case SystemMessage.Unwatch unwatch:
                _watchers.Remove(unwatch.Watcher);
                break;
            case SystemMessage.DeathNotice notice:
                OnDeathNotice(notice);
                break;
            case SystemMessage.ChildFailed failed:
                OnChildFailed(failed);
                break;
            case SystemMessage.ChildTerminated terminated:
                OnChildTerminated(terminated.Child);
                break;
            case SystemMessage.Continuation continuation:
                RunContinuation(continuation);
                break;
            case SystemMessage.TaskFinished finished:
                OnTaskFinished(finished);
                break;
            case SystemMessage.GraceOver over:
                if (over.Incarnation == Incarnation && _stopDeferred)
                {
                    _awaiting = false;
                    OnStop();
                }

                break;
            default:
                throw new InvalidOperationException($"{message.GetType().Name} is no system message.");
        }
    }

    private void Create()
    {
        try
        {
            MakeInstance();
            _life = Life.Alive;
            _actor!.AroundPreStart();
        }
        catch (Exception e) // the boundary of the actor: its supervisor decides
        {
            _life = Life.Alive;
            Fail(e as ActorInitializationException ?? new ActorInitializationException(Self, $"Exception during creation of [{Ref.Path}]: {e.Message}", e));
        }
    }

    private void MakeInstance()
    {
        _actor = null;
        ActorBase made = Props.NewActor();
        if (!ReferenceEquals(made, _actor))
        {
            throw new ActorInitializationException(Self, $"Props of [{Ref.Path}] gave an actor of another cell.");
        }
    }

    private void Fail(Exception cause)
    {
        _failedMessage = _envelope.Message;
        _suspended++;
        ToChildren(new SystemMessage.Suspend());
        ParentRef.SendSystem(new SystemMessage.ChildFailed(this, cause, Incarnation));
    }

    private void BeginRestart(Exception cause)
    {
        if (_life is not Life.Alive)
        {
            return;
        }

        _life = Life.Restarting;
        _restartCause = cause;
        _timers?.CancelAll();
        _stash?.ReleaseAll();
        if (_actor is { } old)
        {
            try
            {
                old.AroundPreRestart(cause, _failedMessage);
            }
            catch (Exception e) // only logged: the restart goes on
            {
                System.Log.Error(e, "[{0}]: {1} in PreRestart", Ref.Path, e.Message);
            }

            (old as IDisposable)?.Dispose();
        }

        TryFinishRestart();
    }

    private void TryFinishRestart()
    {
        if (_life is not Life.Restarting || HasStoppingChildren)
        {
            return;
        }

        Exception cause = _restartCause!;
        Incarnation++;
        _life = Life.Alive;
        _suspended = 0;
        _awaiting = false;
        _restartCause = null;
        try
        {
            MakeInstance();
            _actor!.AroundPostRestart(cause, _failedMessage);
            foreach (ChildRecord kept in _children.Values)
            {
                kept.Cell.EnqueueSystem(new SystemMessage.Recreate(cause));
            }
        }
        catch (Exception e) // the boundary of the actor: its supervisor decides
        {
            Fail(new PostRestartException(Self, e, cause));
        }
    }

    private void OnStop()
    {
        if (_life is Life.Stopping or Life.Stopped)
        {
            return;
        }

        if (_awaiting)
        {
            if (!_stopDeferred)
            {
                _stopDeferred = true;
                long incarnation = Incarnation;
                _ = System.Time.CreateTimer(_ => EnqueueSystem(new SystemMessage.GraceOver(incarnation)), null, AwaitGrace, Timeout.InfiniteTimeSpan);
            }

            return;
        }

        _life = Life.Stopping;
        ReceiveTimeout = null;
        _receiveTimeout?.Dispose();
        _timers?.CancelAll();
        foreach (IActorRef subject in _watching)
        {
            (subject as InternalActorRef)?.SendSystem(new SystemMessage.Unwatch(Ref));
        }

        _watching.Clear();
        _terminatedQueued.Clear();
        foreach (ChildRecord child in _children.Values)
        {
            StopChild(child);
        }

        TryFinishStop();
    }

    private void TryFinishStop()
    {
        if (_life is not Life.Stopping || _children.Count > 0)
        {
            return;
        }

        _life = Life.Stopped;
        try
        {
            _actor?.AroundPostStop();
        }
        catch (Exception e) // only logged: the actor is gone whatever its hook says
        {
            System.Log.Error(e, "[{0}]: {1} in PostStop", Ref.Path, e.Message);
        }

        _isTerminated = true;
        DrainToDeadLetters();
        ParentRef.SendSystem(new SystemMessage.ChildTerminated(this));
        foreach (IActorRef watcher in _watchers)
        {
            (watcher as InternalActorRef)?.SendSystem(new SystemMessage.DeathNotice(Ref, true));
        }

        _watchers.Clear();
        (_actor as IDisposable)?.Dispose();
        _actor = null;
    }

    private void OnDeathNotice(SystemMessage.DeathNotice notice)
    {
        if (_watching.Remove(notice.Dead) && _life is not Life.Stopping)
        {
            _terminatedQueued.Add(notice.Dead);
            _mailbox.Add(new Envelope(new TerminatedNotice(notice.Dead, new Terminated(notice.Dead, notice.ExistenceConfirmed, false)), notice.Dead));
        }
    }

    private void RunContinuation(SystemMessage.Continuation continuation)
    {
        Envelope outer = _envelope;
        SynchronizationContext? outerContext = SynchronizationContext.Current;
        _envelope = continuation.Envelope;
        SynchronizationContext.SetSynchronizationContext(new ActorContinuations(this));
        try
        {
            continuation.Run(continuation.State);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outerContext);
            _envelope = outer;
        }
    }

    private void OnTaskFinished(SystemMessage.TaskFinished finished)
    {
        if (finished.Incarnation != Incarnation || !_awaiting)
        {
            return;
        }

        _awaiting = false;
        if (_stopDeferred)
        {
            OnStop();
            return;
        }

        if (finished.Work.IsCanceled || finished.Work.Exception is not null)
        {
            _envelope = finished.Envelope;
            Fail(finished.Work.Exception?.InnerException ?? new OperationCanceledException());
        }
    }
}

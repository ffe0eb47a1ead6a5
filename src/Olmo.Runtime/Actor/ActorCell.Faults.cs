using Olmo.Runtime.Dispatch;

namespace Olmo.Runtime.Actor;

internal sealed partial class ActorCell
{
    private IActorRef? _perpetrator;
    private int _faultSuspensions;

    private bool IsFailed => _perpetrator is not null;

    /// <summary>Suspends this actor and its children and asks the parent for a verdict.</summary>
    private void HandleInvokeFailure(Exception failure)
    {
        if (IsFailed || Mailbox.IsClosed)
        {
            Log(Event.LogLevel.ErrorLevel, failure, "Exception in an actor that has already failed or ended");
            return;
        }

        Exception cause = Unwrap(failure);
        try
        {
            SuspendOwn();
            IActorRef? child = _failedChild;
            _perpetrator = child ?? Self;
            SuspendChildren(child);
            Parent.SendSystemMessage(new SystemMessage.Failed(Self, cause, Self.Path.Uid));
        }
        catch (Exception second)
        {
            Log(Event.LogLevel.ErrorLevel, second, $"Emergency stop: exception in failure handling for {cause.GetType()}");
            foreach (ChildRestartStats each in ChildStats())
            {
                Stop(each.Child);
            }

            FinishTerminate();
        }
    }

    private IActorRef? _failedChild;

    private void HandleFailed(SystemMessage.Failed failed)
    {
        if (StatsOf(failed.Child) is not { } stats || stats.Uid != failed.Uid || _actor is null)
        {
            return;
        }

        IActorRef? sender = _sender;
        _sender = failed.Child;
        bool handled;
        try
        {
            handled = _actor.Strategy.HandleFailure(this, failed.Child, failed.Cause, stats, ChildStats());
        }
        catch (Exception failure)
        {
            _failedChild = failed.Child;
            HandleInvokeFailure(failure);
            return;
        }
        finally
        {
            _sender = sender;
            _failedChild = null;
        }

        if (!handled)
        {
            _failedChild = failed.Child;
            HandleInvokeFailure(failed.Cause);
            _failedChild = null;
        }
    }

    private void SuspendOwn()
    {
        _faultSuspensions++;
        Mailbox.Suspend();
    }

    private void ResumeOwn()
    {
        if (_faultSuspensions > 0)
        {
            _faultSuspensions--;
            Mailbox.Resume();
        }
    }

    private void FaultSuspend()
    {
        SuspendOwn();
        SuspendChildren();
    }

    private void FaultResume(Exception? causedByFailure)
    {
        if (_actor is null && IsFailed && _wait == ChildWait.None)
        {
            // The constructor had failed: there is nothing to resume, so it is tried again.
            FaultCreate();
            return;
        }

        IActorRef? perpetrator = _perpetrator;
        ResumeOwn();
        if (causedByFailure is not null)
        {
            _perpetrator = null;
        }

        ResumeChildren(causedByFailure, perpetrator);
    }

    private void FaultRecreate(Exception cause)
    {
        if (_actor is null)
        {
            if (_wait == ChildWait.None)
            {
                FaultCreate();
            }

            return;
        }

        if (_wait != ChildWait.None)
        {
            FaultResume(null);
            return;
        }

        DisarmReceiveTimeout();
        object? failedMessage = _currentMessage;
        _currentMessage = null;
        try
        {
            _actor.AroundPreRestart(cause, failedMessage);
        }
        catch (Exception failure)
        {
            Log(Event.LogLevel.ErrorLevel, new PreRestartException(Self, failure, cause, failedMessage), failure.Message);
        }
        finally
        {
            DisposeOf(TakeActor());
        }

        if (!WaitForStoppingChildren(ChildWait.Recreate, cause))
        {
            FinishRecreate(cause);
        }
    }

    private void FinishRecreate(Exception cause)
    {
        ChildRestartStats[] survivors = ChildStats();
        try
        {
            ResumeOwn();
            _perpetrator = null;
            ActorBase fresh = NewActor();
            _actor = fresh;
            fresh.AroundPostRestart(cause, null);
            foreach (ChildRestartStats each in survivors)
            {
                each.Child.SendSystemMessage(new SystemMessage.Recreate(cause));
            }

            ArmReceiveTimeout();
        }
        catch (Exception failure)
        {
            DisposeOf(TakeActor());
            HandleInvokeFailure(new PostRestartException(Self, Unwrap(failure), cause));
        }
    }

    private void FaultCreate()
    {
        DisarmReceiveTimeout();
        foreach (ChildRestartStats each in ChildStats())
        {
            Stop(each.Child);
        }

        if (!WaitForStoppingChildren(ChildWait.Create))
        {
            FinishCreate();
        }
    }

    private void FinishCreate()
    {
        ResumeOwn();
        _perpetrator = null;
        try
        {
            Create();
        }
        catch (Exception failure)
        {
            HandleInvokeFailure(failure);
        }
    }

    private void Terminate()
    {
        lock (_childrenGate)
        {
            if (IsTerminating)
            {
                return;
            }

            // From here on nobody adds a child.
            _wait = ChildWait.Terminate;
        }

        SetReceiveTimeout(null);
        UnwatchAll();
        foreach (ChildRestartStats each in ChildStats())
        {
            Stop(each.Child);
        }

        if (WaitForStoppingChildren(ChildWait.Terminate))
        {
            // No user message while the children end.
            SuspendOwn();
            _perpetrator = Self;
        }
        else
        {
            FinishTerminate();
        }
    }

    private void FinishTerminate()
    {
        ActorBase? actor = _actor;
        lock (_childrenGate)
        {
            _wait = ChildWait.Terminated;
        }

        try
        {
            actor?.AroundPostStop();
        }
        catch (Exception failure)
        {
            Log(Event.LogLevel.ErrorLevel, failure, failure.Message);
        }

        // Stashed messages join the mailbox before that is drained to the dead letters.
        TakeActor();
        UnwatchAll();
        Mailbox.Close();
        Parent.SendSystemMessage(new SystemMessage.DeathWatchNotification(Self, ExistenceConfirmed: true, AddressTerminated: false));
        TellWatchers();
        DisposeOf(actor);
    }
}

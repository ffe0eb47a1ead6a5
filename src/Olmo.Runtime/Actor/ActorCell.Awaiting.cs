using Olmo.Runtime.Dispatch;

namespace Olmo.Runtime.Actor;

/// <summary>
/// Handlers that await: user messages wait until the handler's task ends, system messages do not. A stop or restart that arrives
/// meanwhile cancels the handler's token and is put off until the handler ends or the grace passes; after that the handler goes on
/// without its actor, so that its <c>finally</c> blocks run.
/// </summary>
internal sealed partial class ActorCell
{
    private readonly List<AwaitingHandler> _handlers = [];
    private readonly List<SystemMessage> _deferred = [];
    private CancellationTokenSource? _stopSource;

    /// <summary>Cancelled when a stop or restart waits for the present handler.</summary>
    internal CancellationToken StopToken
    {
        get
        {
            _stopSource ??= new CancellationTokenSource();
            if (_deferred.Count > 0)
            {
                _stopSource.Cancel();
            }

            return _stopSource.Token;
        }
    }

    internal void RunTask(Func<Task> action)
    {
        ArgumentNullException.ThrowIfNull(action);
        AwaitingHandler handler = new(this, _currentMessage, _sender);
        Task task = handler.RunInside(action);
        if (task.IsCompleted)
        {
            task.GetAwaiter().GetResult();
            return;
        }

        _handlers.Add(handler);
        Mailbox.Suspend();
        handler.NotifyEnd(task);
    }

    private void Continue(SystemMessage.HandlerContinuation continuation)
    {
        AwaitingHandler handler = continuation.Handler;
        if (!_handlers.Contains(handler))
        {
            handler.RunDetached(continuation);
            return;
        }

        (object? message, IActorRef? sender) = (_currentMessage, _sender);
        (_currentMessage, _sender) = (handler.Message, handler.Sender);
        try
        {
            handler.RunInside(continuation);
        }
        finally
        {
            (_currentMessage, _sender) = (message, sender);
        }
    }

    private void HandlerHasEnded(SystemMessage.HandlerEnded ended)
    {
        AwaitingHandler handler = ended.Handler;
        if (!_handlers.Remove(handler))
        {
            if (ended.Failure is not null)
            {
                Log(Event.LogLevel.WarningLevel, ended.Failure, "A handler that had outlived its actor failed");
            }

            return;
        }

        Mailbox.Resume();
        _sender = handler.Sender;
        if (ended.Failure is null)
        {
            _currentMessage = null;
        }
        else if (_deferred.Count == 0)
        {
            _currentMessage = handler.Message;
            HandleInvokeFailure(ended.Failure);
        }
        else if (ended.Failure is not OperationCanceledException)
        {
            Log(Event.LogLevel.ErrorLevel, ended.Failure, "A handler failed while its actor was to stop or restart");
        }

        HandlersMayBeDone();
    }

    /// <summary>Puts a stop or restart off while a handler awaits.</summary>
    private bool Defer(SystemMessage message)
    {
        if (_handlers.Count == 0)
        {
            return false;
        }

        _deferred.Add(message);
        if (_deferred.Count == 1)
        {
            _stopSource?.Cancel();
            foreach (AwaitingHandler handler in _handlers)
            {
                handler.StartGrace(SystemImpl.Options.HandlerGrace);
            }
        }

        return true;
    }

    private void GraceHasExpired(AwaitingHandler handler)
    {
        if (!_handlers.Remove(handler))
        {
            return;
        }

        handler.Detach();
        Mailbox.Resume();
        SystemImpl.Instruments.HandlerDetached();
        Log(
            Event.LogLevel.WarningLevel,
            null,
            $"The handler of {handler.Message?.GetType().Name ?? "no message"} did not end within {SystemImpl.Options.HandlerGrace}: it goes on without its actor");
        HandlersMayBeDone();
    }

    private void HandlersMayBeDone()
    {
        if (_handlers.Count > 0)
        {
            return;
        }

        _stopSource?.Dispose();
        _stopSource = null;
        if (_deferred.Count > 0)
        {
            SystemMessage[] due = [.. _deferred];
            _deferred.Clear();
            if (due.FirstOrDefault(m => m is SystemMessage.Terminate) is { } terminate)
            {
                due = [terminate];
            }

            foreach (SystemMessage message in due)
            {
                InvokeSystem(message);
            }
        }

        ArmReceiveTimeout();
    }
}

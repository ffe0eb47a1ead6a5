using System.Reflection;
using Olmo.Runtime.Dispatch;

namespace Olmo.Runtime.Actor;

/// <summary>
/// An actor's place in the tree, which outlives its instances: mailbox, behaviours, children, watches and the state machine of
/// start, failure, restart and stop. Everything but the mailbox and the children's table is touched by the actor's own thread only.
/// </summary>
internal sealed partial class ActorCell : IUntypedActorContext
{
    private readonly Stack<Receive> _behaviours = new();
    private ActorBase? _actor;
    private object? _currentMessage;
    private IActorRef? _sender;

    public ActorCell(ActorSystemImpl system, LocalActorRef self, Props props, Dispatcher dispatcher, IInternalActorRef parent)
    {
        SystemImpl = system;
        Self = self;
        Props = props;
        Parent = parent;
        Mailbox = new Mailbox(this, dispatcher, system.Activity);
    }

    public ActorSystemImpl SystemImpl { get; }

    public LocalActorRef Self { get; }

    public IInternalActorRef Parent { get; }

    public Props Props { get; }

    public Mailbox Mailbox { get; }

    /// <summary>The present instance; null before creation, while it is being replaced and after the end.</summary>
    public ActorBase? Instance => _actor;

    /// <summary>Number of the present instance, unique in the system: tells answers to an earlier incarnation apart.</summary>
    public long Incarnation { get; private set; }

    /// <summary>True while the constructor runs.</summary>
    public bool IsCreating { get; private set; }

    /// <summary>Rises with each user message, so that one message is not stashed twice.</summary>
    public long EnvelopeId { get; private set; }

    /// <summary>The message being handled; null between messages.</summary>
    public object? CurrentMessage => _currentMessage;

    public IActorRef Sender => _sender ?? SystemImpl.DeadLetters;

    ActorSystem IActorContext.System => SystemImpl;

    IActorRef IActorContext.Self => Self;

    IActorRef IActorContext.Parent => Parent;

    /// <summary>The message being handled with its sender, for stashing.</summary>
    internal Envelope CurrentEnvelope => new(
        _currentMessage ?? throw new IllegalActorStateException("There is no current message, so it cannot be stashed."), _sender);

    public ActorSelection ActorSelection(ActorPath actorPath) => SystemImpl.ActorSelection(actorPath);

    public ActorSelection ActorSelection(string actorPath)
    {
        ArgumentException.ThrowIfNullOrEmpty(actorPath);
        return actorPath[0] == '/' || actorPath.Contains("://", StringComparison.Ordinal)
            ? SystemImpl.ActorSelection(actorPath)
            : new ActorSelection(Self, actorPath);
    }

    public void Become(Receive receive)
    {
        ArgumentNullException.ThrowIfNull(receive);

        // The first behaviour always stays at the bottom.
        if (_behaviours.Count > 1)
        {
            _behaviours.Pop();
        }

        _behaviours.Push(receive);
    }

    public void BecomeStacked(Receive receive)
    {
        ArgumentNullException.ThrowIfNull(receive);
        _behaviours.Push(receive);
    }

    public void Become(UntypedReceive receive)
    {
        ArgumentNullException.ThrowIfNull(receive);
        Become(Handling(receive));
    }

    public void BecomeStacked(UntypedReceive receive)
    {
        ArgumentNullException.ThrowIfNull(receive);
        BecomeStacked(Handling(receive));
    }

    public void UnbecomeStacked()
    {
        if (_behaviours.Count > 1)
        {
            _behaviours.Pop();
        }
    }

    /// <summary>Handles one user message.</summary>
    internal void Invoke(in Envelope envelope)
    {
        object? message = envelope.Message;
        _sender = envelope.Sender;
        if (message is TimerMessage timer && (message = timer.Accept(_actor)) is null)
        {
            return;
        }

        _currentMessage = message;
        EnvelopeId++;
        bool influences = message is not INotInfluenceReceiveTimeout;
        if (influences)
        {
            DisarmReceiveTimeout();
        }

        long started = SystemImpl.Instruments.Start();
        try
        {
            if (message is IAutoReceivedMessage)
            {
                AutoReceive(message);
            }
            else
            {
                ReceiveMessage(message);
            }

            if (_handlers.Count == 0)
            {
                _currentMessage = null;
            }
        }
        catch (Exception failure)
        {
            HandleInvokeFailure(failure);
        }

        SystemImpl.Instruments.Handled(started);
        if (influences && _handlers.Count == 0)
        {
            ArmReceiveTimeout();
        }
    }

    /// <summary>Hands a message to the present behaviour, through the actor's around-receive hook.</summary>
    internal void ReceiveMessage(object message)
    {
        Receive behaviour = _behaviours.Peek();
        _actor!.InvokeAroundReceive(behaviour, message);
    }

    /// <summary>Runs a handler as if the message of <paramref name="envelope"/> were being handled.</summary>
    internal void WithEnvelope(in Envelope envelope, object argument, Action<object> handle)
    {
        (object? message, IActorRef? sender) = (_currentMessage, _sender);
        (_currentMessage, _sender) = (envelope.Message, envelope.Sender);
        try
        {
            handle(argument);
        }
        finally
        {
            (_currentMessage, _sender) = (message, sender);
        }
    }

    internal void DeadLetter(in Envelope envelope)
    {
        object message = envelope.Message is TimerMessage timer ? timer.Message : envelope.Message;
        SystemImpl.DeadLetterMailbox.Publish(message, envelope.Sender, Self);
    }

    internal void InvokeSystem(SystemMessage message)
    {
        try
        {
            switch (message)
            {
                case SystemMessage.HandlerContinuation continuation:
                    Continue(continuation);
                    break;
                case SystemMessage.HandlerEnded ended:
                    HandlerHasEnded(ended);
                    break;
                case SystemMessage.DeathWatchNotification death:
                    WatchedActorTerminated(death);
                    break;
                case SystemMessage.Failed failed:
                    HandleFailed(failed);
                    break;
                case SystemMessage.Watch watch:
                    AddWatcher(watch);
                    break;
                case SystemMessage.Unwatch unwatch:
                    RemoveWatcher(unwatch);
                    break;
                case SystemMessage.Create:
                    Create();
                    break;
                case SystemMessage.Suspend:
                    FaultSuspend();
                    break;
                case SystemMessage.Resume resume:
                    FaultResume(resume.CausedByFailure);
                    break;
                case SystemMessage.Recreate recreate when !Defer(recreate):
                    FaultRecreate(recreate.Cause);
                    break;
                case SystemMessage.Terminate when !Defer(message):
                    Terminate();
                    break;
                case SystemMessage.GraceExpired expired:
                    GraceHasExpired(expired.Handler);
                    break;
            }
        }
        catch (Exception failure)
        {
            HandleInvokeFailure(failure);
        }
    }

    private static Receive Handling(UntypedReceive receive) => message =>
    {
        receive(message);
        return true;
    };

    private void AutoReceive(object message)
    {
        switch (message)
        {
            case Terminated terminated:
                ReceivedTerminated(terminated);
                break;
            case PoisonPill:
                ((IInternalActorRef)Self).SendSystemMessage(new SystemMessage.Terminate());
                break;
            case Kill:
                throw new ActorKilledException("Kill");
            case Identify identify:
                Sender.Tell(new ActorIdentity(identify.MessageId, Self), Self);
                break;
            default:
                ReceiveMessage(message);
                break;
        }
    }

    private void Create()
    {
        try
        {
            _actor = NewActor();
            _actor.AroundPreStart();
            ArmReceiveTimeout();
        }
        catch (Exception failure)
        {
            DisposeOf(TakeActor());
            throw new ActorInitializationException(Self, "Exception during creation", Unwrap(failure));
        }
    }

    private ActorBase NewActor()
    {
        _behaviours.Clear();
        Incarnation = SystemImpl.NextIncarnation();
        IsCreating = true;
        ActorBase instance;
        try
        {
            instance = Props.NewActor()
                ?? throw new ActorInitializationException(Self, "Props gave no actor.");
        }
        finally
        {
            IsCreating = false;
        }

        if (instance is IActorStash stashing)
        {
            stashing.Stash = NewStash();
        }

        if (instance is IWithTimers timed)
        {
            timed.Timers = new TimerScheduler(this);
        }

        (instance as IInitializableActor)?.Init();

        return instance;
    }

    /// <summary>A stash over this actor's mailbox, for the runtime's own use beside the user's.</summary>
    internal MailboxStash NewStash() => new(this, Props.StashCapacity);

    /// <summary>Lets the instance go: its stash returns to the mailbox.</summary>
    private ActorBase? TakeActor()
    {
        ActorBase? actor = _actor;
        _actor = null;
        _behaviours.Clear();
        (actor as IWithTimers)?.Timers?.CancelAll();
        (actor as IActorStash)?.Stash?.UnstashAll();
        return actor;
    }

    private void DisposeOf(ActorBase? actor)
    {
        try
        {
            (actor as IDisposable)?.Dispose();
        }
        catch (Exception failure)
        {
            Log(Event.LogLevel.ErrorLevel, failure, $"Exception while disposing of {actor?.GetType().Name}");
        }
    }

    private void Log(Event.LogLevel level, Exception? cause, string message) =>
        SystemImpl.LogOf(Self.Path.ToString(), _actor?.GetType() ?? Props.Type).Write(level, cause, message);

    private static Exception Unwrap(Exception failure) => failure is TargetInvocationException { InnerException: { } inner } ? inner : failure;
}

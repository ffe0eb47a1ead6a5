using Olmo.Runtime.Event;

namespace Olmo.Runtime.Actor;

/// <summary>
/// Runs one actor: one turn at a time, system messages first, at most 30 user messages a turn. This file has the turn and the context; life and death are in
/// ActorCell.Lifecycle.cs, children in ActorCell.Children.cs.
/// </summary>
internal sealed partial class ActorCell : IActorContext, IThreadPoolWorkItem
{
    private const int MessagesPerTurn = 30;

    [ThreadStatic]
    private static ActorCell? _current;

    private readonly Mailbox _mailbox = new();
    private readonly Stack<Receive> _behaviours = new();
    private readonly HashSet<IActorRef> _watchers = [];
    private readonly HashSet<IActorRef> _watching = [];
    private readonly HashSet<IActorRef> _terminatedQueued = [];
    private ActorBase? _actor;
    private Envelope _envelope;
    private int _scheduled;
    private bool _awaiting;
    private ITimer? _receiveTimeout;
    private ActorTimers? _timers;
    private StashedMessages? _stash;

    public ActorCell(ActorSystem system, Props props, InternalActorRef parent, ActorPath path)
    {
        System = system;
        Props = props;
        ParentRef = parent;
        Ref = new LocalActorRef(path, this);
    }

    /// <summary>The cell whose actor's turn it is on this thread: the one slot of ambient state, set and cleared by the turn.</summary>
    public static ActorCell? Current => _current;

    public ActorSystem System { get; }

    public Props Props { get; }

    public LocalActorRef Ref { get; }

    public InternalActorRef ParentRef { get; }

    public long Incarnation { get; private set; }

    public IActorRef Self => Ref;

    public IActorRef Parent => ParentRef;

    public IActorRef Sender => _envelope.Sender ?? System.DeadLetters;

    public TimeSpan? ReceiveTimeout { get; private set; }

    public Envelope CurrentEnvelope => _envelope;

    /// <summary>Called by the actor's constructor.</summary>
    public void Adopt(ActorBase actor)
    {
        _actor = actor;
        _behaviours.Clear();
        _behaviours.Push(actor.InvokeReceive);
        if (actor is IWithTimers timed)
        {
            _timers ??= new ActorTimers(this);
            timed.Timers = _timers;
        }

        if (actor is IWithUnboundedStash stashing)
        {
            _stash ??= new StashedMessages(this, _mailbox);
            stashing.Stash = _stash;
        }
    }

    public void Enqueue(Envelope envelope)
    {
        if (_isTerminated)
        {
            System.DeadLetters.Tell(new DeadLetter(envelope.Message, envelope.Sender, Ref), envelope.Sender);
            return;
        }

        _mailbox.Add(envelope);
        Schedule();
    }

    public void EnqueueSystem(SystemMessage message)
    {
        _mailbox.Add(message);
        Schedule();
    }

    public void Become(Receive receive)
    {
        if (_behaviours.Count > 0)
        {
            _behaviours.Pop();
        }

        _behaviours.Push(receive);
    }

    public void BecomeStacked(Receive receive) => _behaviours.Push(receive);

    public void UnbecomeStacked()
    {
        if (_behaviours.Count > 1)
        {
            _behaviours.Pop();
        }
    }

    public void SetReceiveTimeout(TimeSpan? timeout)
    {
        ReceiveTimeout = timeout;
        ArmReceiveTimeout();
    }

    /// <summary>Puts messages back in front of the mailbox, in order.</summary>
    public void PrependToMailbox(IReadOnlyList<Envelope> envelopes) => _mailbox.Prepend(envelopes);

    /// <summary>Runs a handler as if the message of <paramref name="envelope"/> were being handled.</summary>
    public void WithEnvelope(Envelope envelope, object argument, Action<object> handle)
    {
        Envelope outer = _envelope;
        _envelope = envelope;
        try
        {
            handle(argument);
        }
        finally
        {
            _envelope = outer;
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        ActorCell? outer = _current;
        _current = this;
        try
        {
            Turn();
        }
        finally
        {
            _current = outer;
            Interlocked.Exchange(ref _scheduled, 0);
            if (_mailbox.HasSystem || (CanHandleUser && _mailbox.HasUser) || (_isTerminated && _mailbox.HasUser))
            {
                Schedule();
            }
        }
    }

    /// <summary>Runs an asynchronous handler: other user messages wait, system messages do not; continuations run on the actor's turn.</summary>
    public void RunTask(Func<Task> handler)
    {
        SynchronizationContext? outer = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(new ActorContinuations(this));
        Task work;
        try
        {
            work = handler();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outer);
        }

        if (work.IsCompleted)
        {
            work.GetAwaiter().GetResult();
            return;
        }

        _awaiting = true;
        long incarnation = Incarnation;
        Envelope envelope = _envelope;
        _ = work.ContinueWith(
            w => EnqueueSystem(new SystemMessage.TaskFinished(w, envelope, incarnation)), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private bool CanHandleUser => _suspended == 0 && !_awaiting && _life is Life.Alive;

    private void Schedule()
    {
        if (Interlocked.CompareExchange(ref _scheduled, 1, 0) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    private void Turn()
    {
        for (int i = 0; i < MessagesPerTurn; i++)
        {
            while (_mailbox.TryTakeSystem(out SystemMessage system))
            {
                HandleSystem(system);
            }

            if (_isTerminated)
            {
                DrainToDeadLetters();
                return;
            }

            if (!CanHandleUser || !_mailbox.TryTakeUser(out Envelope envelope))
            {
                return;
            }

            HandleUser(envelope);
        }
    }

    private void HandleUser(Envelope envelope)
    {
        _envelope = envelope;
        bool rearm = envelope.Message is not INotInfluenceReceiveTimeout;
        try
        {
            object message = envelope.Message;
            if (message is TimerMessage timer)
            {
                if (!timer.IsCurrent)
                {
                    return;
                }

                message = timer.Message;
                _envelope = new Envelope(message, envelope.Sender);
            }

            switch (message)
            {
                case PoisonPill:
                    EnqueueSystem(new SystemMessage.Stop());
                    break;
                case Kill:
                    throw new ActorKilledException("Kill");
                case TerminatedNotice notice:
                    if (_terminatedQueued.Remove(notice.Dead))
                    {
                        _envelope = new Envelope(notice.Message, notice.Dead);
                        _actor!.AroundReceive(_behaviours.Peek(), notice.Message);
                    }

                    break;
                default:
                    _actor!.AroundReceive(_behaviours.Peek(), message);
                    break;
            }
        }
        catch (Exception e) // the boundary of the actor: its supervisor decides
        {
            Fail(e);
        }

        if (rearm && ReceiveTimeout is not null)
        {
            ArmReceiveTimeout();
        }
    }

    private void ArmReceiveTimeout()
    {
        _receiveTimeout?.Dispose();
        _receiveTimeout = ReceiveTimeout is { } timeout && _life is Life.Alive
            ? System.Time.CreateTimer(_ => Ref.Tell(Actor.ReceiveTimeout.Instance, Ref), null, timeout, Timeout.InfiniteTimeSpan)
            : null;
    }

    private void DrainToDeadLetters()
    {
        _stash?.ReleaseAll();
        while (_mailbox.TryTakeUser(out Envelope envelope))
        {
            if (envelope.Message is not TerminatedNotice and not TimerMessage)
            {
                System.DeadLetters.Tell(new DeadLetter(envelope.Message, envelope.Sender, Ref), envelope.Sender);
            }
        }
    }

    private sealed class ActorContinuations(ActorCell cell) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) => cell.EnqueueSystem(new SystemMessage.Continuation(d, state, cell._envelope));
    }
}

using System.Collections.Concurrent;
using Olmo.Runtime.Configuration;
using Olmo.Runtime.Dispatch;
using Olmo.Runtime.Event;
using Olmo.Runtime.Hosting;
using Olmo.Runtime.Scheduling;

namespace Olmo.Runtime.Actor;

/// <summary>The system: guardians, dispatchers, clock and the tables that belong to no actor.</summary>
internal sealed partial class ActorSystemImpl : ActorSystem
{
    private readonly TaskCompletionSource _terminated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Stack<Action> _terminationCallbacks = new();
    private readonly Lock _terminationGate = new();
    private readonly PoolDispatcher _pool = new();
    private readonly DedicatedDispatcher _internal;
    private readonly TimeProviderScheduler _scheduler;
    private readonly ConcurrentDictionary<Type, Lazy<object>> _extensions = new();
    private long _uid;
    private long _incarnation;
    private bool _completed;

    public ActorSystemImpl(string name, Config config, ActorSystemOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!char.IsAsciiLetterOrDigit(name[0]) || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c != '-' && c != '_'))
        {
            throw new ArgumentException($"Invalid actor system name [{name}]: it must match [a-zA-Z0-9][a-zA-Z0-9-_]*.", nameof(name));
        }

        Name = name;
        Options = options;
        Settings = new Settings(RuntimeReference.Over(config));
        Address = new Address("akka", name);
        Activity = options.TrackActivity ? new ActivityTracker() : null;
        Instruments = new Instruments(name, options.Time);
        _scheduler = new TimeProviderScheduler(options.Time);
        _internal = new DedicatedDispatcher($"{name}-internal", Settings.Config.GetInt("akka.actor.internal-dispatcher.threads"));
        EventStream = new EventStream(options.Time);
        Log = LogOf($"ActorSystem({name})", typeof(ActorSystem));
        _scheduler.OnFailure = failure => LogOf("scheduler", typeof(TimeProviderScheduler)).Write(LogLevel.ErrorLevel, failure, "A scheduled action failed");
        DefaultAskTimeout = Settings.Config.GetTimeSpan("akka.actor.ask-timeout");

        RootPath = new RootActorPath(Address, ActorPath.UndefinedUid);
        DeadLetterMailbox = new DeadLetterActorRef(this, RootPath / "deadLetters");
        StartGuardians();
        CoordinatedShutdown = new CoordinatedShutdown(this);
        EventStream.StartUnsubscriber(this);
        SystemActorOf(Props.Create(() => new DeadLetterListener()), "deadLetterListener");
    }

    public ActorSystemOptions Options { get; }

    public Address Address { get; }

    public ActivityTracker? Activity { get; }

    public Instruments Instruments { get; }

    public ActorPath RootPath { get; }

    public DeadLetterActorRef DeadLetterMailbox { get; }

    public CoordinatedShutdown CoordinatedShutdown { get; }

    public TimeSpan DefaultAskTimeout { get; }

    /// <summary>Why the system ended by itself: the failure that was escalated out of a guardian.</summary>
    public Exception? EndedBy { get; private set; }

    /// <summary>Keeps a log event out of the log; a test's way of muting what it expects.</summary>
    public Func<LogEvent, bool>? Muted { get; set; }

    public override string Name { get; }

    public override Settings Settings { get; }

    public override IScheduler Scheduler => _scheduler;

    public override EventStream EventStream { get; }

    public override ILoggingAdapter Log { get; }

    public override IActorRef DeadLetters => DeadLetterMailbox;

    public override Task WhenTerminated => _terminated.Task;

    public long NextUid() => Interlocked.Increment(ref _uid);

    public long NextIncarnation() => Interlocked.Increment(ref _incarnation);

    /// <summary>A timer on the system's clock, not yet armed.</summary>
    public ITimer NewTimer(TimerCallback callback, object state) => Options.Time.CreateDetachedTimer(callback, state);

    public Dispatcher DispatcherOf(string? name) => name switch
    {
        null or "" or "akka.actor.default-dispatcher" => _pool,
        "akka.actor.internal-dispatcher" => _internal,
        _ => throw new ConfigurationException($"Dispatcher [{name}] is not known: there are akka.actor.default-dispatcher and akka.actor.internal-dispatcher."),
    };

    public LoggingAdapter LogOf(string source, Type type) => new(this, source, type);

    /// <summary>The one instance of a subsystem that hangs on this system, made at the first call.</summary>
    public T Extension<T>(Func<ActorSystemImpl, T> create)
        where T : class => (T)_extensions.GetOrAdd(typeof(T), _ => new Lazy<object>(() => create(this))).Value;

    public override Task Terminate()
    {
        if (!Settings.Config.GetBoolean("akka.coordinated-shutdown.run-by-actor-system-terminate"))
        {
            StopGuardians();
            return WhenTerminated;
        }

        return TerminateInPhases();
    }

    public override void RegisterOnTermination(Action code)
    {
        ArgumentNullException.ThrowIfNull(code);
        lock (_terminationGate)
        {
            if (!_completed)
            {
                _terminationCallbacks.Push(code);
                return;
            }
        }

        throw new InvalidOperationException($"ActorSystem [{Name}] has terminated; nothing can be registered any more.");
    }

    /// <summary>Base-64 digits of a number, lowest first, as generated names have them.</summary>
    internal static string Base64(long number)
    {
        const string Digits = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+~";
        Span<char> text = stackalloc char[11];
        int length = 0;
        do
        {
            text[length++] = Digits[(int)(number & 63)];
            number >>= 6;
        }
        while (number > 0);
        return new string(text[..length]);
    }

    private async Task TerminateInPhases()
    {
        try
        {
            await CoordinatedShutdown.Run(CoordinatedShutdown.ActorSystemTerminateReason.Instance).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            // A phase with recover = off ended the phases; whoever awaits Run sees why. The system was asked to end all the same.
            LogOf("CoordinatedShutdown", typeof(CoordinatedShutdown)).Write(LogLevel.ErrorLevel, failure, "The coordinated shutdown was cut short; the actors are stopped");
        }

        StopGuardians();
        await WhenTerminated.ConfigureAwait(false);
    }

    /// <summary>The last actor has stopped.</summary>
    private void Complete()
    {
        Action[] callbacks;
        lock (_terminationGate)
        {
            if (_completed)
            {
                return;
            }

            _completed = true;
            callbacks = [.. _terminationCallbacks];
        }

        foreach (Action callback in callbacks)
        {
            try
            {
                callback();
            }
            catch (Exception failure)
            {
                LogOf($"ActorSystem({Name})", typeof(ActorSystem)).Write(LogLevel.ErrorLevel, failure, "A termination callback failed");
            }
        }

        _scheduler.Dispose();
        _internal.Dispose();
        Instruments.Dispose();
        CoordinatedShutdown.Dispose();
        _terminated.TrySetResult();
    }
}

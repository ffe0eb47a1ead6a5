using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Olmo.Runtime.Event;
using Olmo.Runtime.Hosting;

namespace Olmo.Runtime.Actor;

/// <summary>A tree of actors with one clock, one event stream and one log.</summary>
public sealed class ActorSystem : IActorRefFactory, IDisposable
{
    private readonly ActorCell _root;
    private readonly ActorCell _user;
    private readonly ActorCell _systemGuardian;
    private readonly TaskCompletionSource _terminated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _uids;
    private long _temporaries;
    private int _terminating;

    private ActorSystem(string name, ActorSystemOptions options)
    {
        Name = name;
        Time = options.Time;
        Extensions = options.Extensions;
        LoggerFactory = options.LoggerFactory ?? NullLoggerFactory.Instance;
        EventStream = new EventStream();
        Log = new LoggerAdapter(LoggerFactory.CreateLogger(name), EventStream, name);
        ActorPath root = ActorPath.Parse($"akka://{name}");
        DeadLetters = new DeadLetterRef(root / "deadLetters", EventStream, Log);
        RootParent top = new(root, this);
        _root = new ActorCell(this, Props.Create(() => new Guardian(false)), top, root.WithUid(NextUid()));
        _root.EnqueueSystem(new SystemMessage.Create());
        _user = Below("user");
        _systemGuardian = Below("system");
    }

    /// <summary>Name.</summary>
    public string Name { get; }

    /// <summary>Takes what cannot be delivered.</summary>
    public IActorRef DeadLetters { get; }

    /// <summary>Events of everybody for everybody.</summary>
    public EventStream EventStream { get; }

    /// <summary>The system's own log.</summary>
    public ILoggingAdapter Log { get; }

    /// <summary>Ends when every actor has stopped.</summary>
    public Task WhenTerminated => _terminated.Task;

    internal TimeProvider Time { get; }

    internal ILoggerFactory LoggerFactory { get; }

    internal IReadOnlyDictionary<Type, object> Extensions { get; }

    /// <summary>A system on the real clock without a log.</summary>
    public static ActorSystem Create(string name) => new(name, new ActorSystemOptions());

    /// <inheritdoc />
    public IActorRef ActorOf(Props props, string? name = null) => Ask(_user, props, name);

    /// <summary>Stops an actor.</summary>
    public void Stop(IActorRef actor) => (actor as InternalActorRef)?.SendSystem(new SystemMessage.Stop());

    /// <summary>Stops every actor, those of users first.</summary>
    public Task Terminate()
    {
        if (Interlocked.Exchange(ref _terminating, 1) == 0)
        {
            _user.EnqueueSystem(new SystemMessage.Stop());
        }

        return WhenTerminated;
    }

    /// <summary>Terminates and waits.</summary>
    public void Dispose() => Terminate().GetAwaiter().GetResult();

    internal static ActorSystem Create(string name, ActorSystemOptions options) => new(name, options);

    internal IActorRef SystemActorOf(Props props, string name) => Ask(_systemGuardian, props, name);

    internal long NextUid() => Interlocked.Increment(ref _uids);

    internal ActorPath TempPath() => (_root.Ref.Path / "temp" / $"a{Interlocked.Increment(ref _temporaries)}").WithUid(NextUid());

    private static IActorRef Ask(ActorCell guardian, Props props, string? name)
    {
        TaskCompletionSource<IActorRef> made = new();
        guardian.Ref.Tell(new MakeChild(props, name, made), ActorRefs.NoSender);
        return made.Task.GetAwaiter().GetResult();
    }

    private ActorCell Below(string name)
    {
        ActorCell cell = new(this, Props.Create(() => new Guardian(name == "user")), new RootParent(_root.Ref.Path, this), (_root.Ref.Path / name).WithUid(NextUid()));
        cell.EnqueueSystem(new SystemMessage.Create());
        return cell;
    }

    private void GuardianTerminated(ActorCell cell)
    {
        if (ReferenceEquals(cell, _user))
        {
            _systemGuardian.EnqueueSystem(new SystemMessage.Stop());
        }
        else if (ReferenceEquals(cell, _systemGuardian))
        {
            _root.EnqueueSystem(new SystemMessage.Stop());
        }
        else
        {
            _terminated.TrySetResult();
        }
    }

    /// <summary>Makes the actors at the top; a failure that reaches it ends the system.</summary>
    private sealed class Guardian : ReceiveActor
    {
        public Guardian(bool isUser)
        {
            _ = isUser;
            Receive<MakeChild>(make =>
            {
                try
                {
                    make.Made.SetResult(Context.ActorOf(make.Props, make.Name));
                }
                catch (Exception e) when (e is InvalidActorNameException or InvalidOperationException)
                {
                    make.Made.SetException(e);
                }
            });
            Receive<object>(_ => { }); // messages that children send to their parent
        }
    }

    private sealed record MakeChild(Props Props, string? Name, TaskCompletionSource<IActorRef> Made);

    private sealed class RootParent(ActorPath path, ActorSystem system) : InternalActorRef(path)
    {
        public override void Tell(object message, IActorRef? sender)
        {
        }

        public override void SendSystem(SystemMessage message)
        {
            switch (message)
            {
                case SystemMessage.ChildFailed failed:
                    system.Log.Error(failed.Cause, "a failure escalated out of [{0}]: the system ends", failed.Child.Ref.Path);
                    failed.Child.EnqueueSystem(new SystemMessage.Stop());
                    _ = system.Terminate();
                    break;
                case SystemMessage.ChildTerminated terminated:
                    system.GuardianTerminated(terminated.Child);
                    break;
                default:
                    break;
            }
        }
    }
}

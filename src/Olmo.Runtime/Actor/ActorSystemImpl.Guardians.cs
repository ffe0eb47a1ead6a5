using Olmo.Runtime.Configuration;
using Olmo.Runtime.Dispatch;
using Olmo.Runtime.Event;

namespace Olmo.Runtime.Actor;

internal sealed partial class ActorSystemImpl
{
    private LocalActorRef _root = null!;
    private LocalActorRef _user = null!;
    private LocalActorRef _system = null!;

    public override IActorRef ActorOf(Props props, string? name = null) => _user.Cell.NewChild(props, name, _user.Path);

    /// <summary>An actor of the runtime, under <c>/system</c>.</summary>
    public IActorRef SystemActorOf(Props props, string? name = null) => _system.Cell.NewChild(props, name, _system.Path);

    public override void Stop(IActorRef actor)
    {
        ArgumentNullException.ThrowIfNull(actor);
        ((IInternalActorRef)actor).SendSystemMessage(new SystemMessage.Terminate());
    }

    /// <summary>Stops <c>/user</c>, then <c>/system</c>, then the root, which ends the system.</summary>
    public void StopGuardians() => _user.SendSystemMessage(new SystemMessage.Terminate());

    private void StartGuardians()
    {
        SupervisorStrategy top = Options.GuardianStrategy ?? Settings.Config.GetString("akka.actor.guardian-supervisor-strategy") switch
        {
            "Akka.Actor.DefaultSupervisorStrategy" => SupervisorStrategy.DefaultStrategy,
            "Akka.Actor.StoppingSupervisorStrategy" => SupervisorStrategy.StoppingStrategy,
            var other => throw new ConfigurationException(
                $"akka.actor.guardian-supervisor-strategy = [{other}] is not known: Akka.Actor.DefaultSupervisorStrategy or Akka.Actor.StoppingSupervisorStrategy."),
        };

        SupervisorStrategy last = new OneForOneStrategy(-1, -1, GuardianFailed, loggingEnabled: false);
        _root = new LocalActorRef(this, Props.Create(() => new RootGuardian()).WithSupervisorStrategy(last), _pool, new AboveRoot(this), RootPath.WithUid(NextUid()));
        _root.SendSystemMessage(new SystemMessage.Create());
        _user = _root.Cell.NewChild(Props.Create(() => new Guardian()).WithSupervisorStrategy(top), "user", RootPath);
        _system = _root.Cell.NewChild(Props.Create(() => new Guardian()), "system", RootPath);
        _root.Tell(new RootGuardian.Guard(_user, _system), ActorRefs.NoSender);
    }

    private Directive GuardianFailed(Exception cause)
    {
        EndedBy = cause;
        LogOf(RootPath.ToString(), typeof(RootGuardian)).Write(LogLevel.ErrorLevel, cause, $"A guardian failed, the actor system {Name} shuts down: {cause.Message}");
        return Directive.Stop;
    }

    /// <summary>The parent of the root: its end is the system's.</summary>
    private sealed class AboveRoot(ActorSystemImpl system) : MinimalActorRef(system, system.RootPath / "_above-root")
    {
        public override void SendSystemMessage(SystemMessage message)
        {
            switch (message)
            {
                case SystemMessage.Failed failed:
                    System.GuardianFailed(failed.Cause);
                    failed.Child.SendSystemMessage(new SystemMessage.Terminate());
                    break;
                case SystemMessage.DeathWatchNotification:
                    System.Complete();
                    break;
                default:
                    base.SendSystemMessage(message);
                    break;
            }
        }

        protected override void Deliver(object message, IActorRef? sender) => System.DeadLetterMailbox.Publish(message, sender, this);
    }

    private sealed class Guardian : UntypedActor
    {
        protected override void OnReceive(object message) => Unhandled(message);
    }

    /// <summary>Lets /system outlive /user.</summary>
    private sealed class RootGuardian : UntypedActor
    {
        private Guard? _guarded;

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case Guard guard:
                    _guarded = guard;
                    Context.Watch(guard.User);
                    Context.Watch(guard.System);
                    break;
                case Terminated terminated when terminated.ActorRef.Equals(_guarded!.User):
                    Context.Stop(_guarded.System);
                    break;
                case Terminated:
                    Context.Stop(Self);
                    break;
                default:
                    Unhandled(message);
                    break;
            }
        }

        internal sealed record Guard(IActorRef User, IActorRef System);
    }
}

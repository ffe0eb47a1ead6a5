using Olmo.Runtime.Actor;

namespace Olmo.Runtime.TestKit;

/// <summary>Puts what it receives into the test's queue; watches and makes children for the test.</summary>
internal sealed class TestActor : ActorBase
{
    private readonly MessageQueue _queue;
    private readonly Dictionary<IActorRef, SupervisorStrategy> _strategies = [];
    private Func<object, bool>? _ignore;
    private AutoPilot _pilot = AutoPilot.NoAutoPilot;

    public TestActor(MessageQueue queue) => _queue = queue;

    protected override SupervisorStrategy SupervisorStrategy() => new ByChild(_strategies);

    protected override bool Receive(object message)
    {
        switch (message)
        {
            case Command command:
                command.Run(this);
                break;
            default:
                Fly(message);
                if (_ignore?.Invoke(message) != true)
                {
                    _queue.Add(new Envelope(message, Sender));
                }

                break;
        }

        return true;
    }

    private void Fly(object message)
    {
        if (_pilot is NoAutoPilot)
        {
            return;
        }

        AutoPilot next = _pilot.Run(Sender, message);
        if (next is not KeepRunning)
        {
            _pilot = next;
        }
    }

    /// <summary>An order of the test; done, with its outcome, when the task ends.</summary>
    internal sealed class Command(Func<TestActor, IActorContext, object?> action) : INoSerializationVerificationNeeded
    {
        private readonly TaskCompletionSource<object?> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<object?> Done => _done.Task;

        public static Command Ignore(Func<object, bool>? which) => new((actor, _) => actor._ignore = which);

        public static Command Pilot(AutoPilot pilot) => new((actor, _) => actor._pilot = pilot);

        public static Command Spawn(Props props, string? name, SupervisorStrategy? strategy) => new((actor, context) =>
        {
            IActorRef child = context.ActorOf(props, name);
            if (strategy is not null)
            {
                actor._strategies.Add(child, strategy);
            }

            return child;
        });

        public void Run(TestActor actor)
        {
            try
            {
                _done.SetResult(action(actor, Context));
            }
            catch (Exception failure)
            {
                _done.SetException(failure);
            }
        }
    }

    /// <summary>Treats each child by the strategy that it was made with.</summary>
    private sealed class ByChild(Dictionary<IActorRef, SupervisorStrategy> strategies) : SupervisorStrategy
    {
        private SupervisorStrategy _chosen = DefaultStrategy;

        public override IDecider Decider => _chosen.Decider;

        protected override Directive Handle(IActorRef child, Exception exception)
        {
            _chosen = strategies.GetValueOrDefault(child, DefaultStrategy);
            return _chosen.Decider.Decide(exception);
        }

        internal override void ProcessFailure(ActorCell parent, bool restart, IInternalActorRef child, Exception cause, ChildRestartStats stats, IReadOnlyCollection<ChildRestartStats> children) =>
            _chosen.ProcessFailure(parent, restart, child, cause, stats, children);
    }
}

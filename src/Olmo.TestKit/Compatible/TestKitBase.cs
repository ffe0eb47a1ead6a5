using System.Linq.Expressions;
using Olmo.Runtime.Actor;
using Olmo.Runtime.Configuration;
using Olmo.Runtime.Event;
using Olmo.Runtime.Hosting;
using Olmo.TestKit.VirtualTime;

namespace Olmo.Runtime.TestKit;

/// <summary>
/// A test's side of an actor system: an actor whose messages the test takes one by one. Waits are real time; where the system runs on a
/// <see cref="VirtualTimeProvider"/>, Within measures that clock and ExpectNoMsg moves it.
/// </summary>
public abstract partial class TestKitBase : IActorRefFactory
{
    private readonly ITestKitAssertions _assertions;
    private readonly MessageQueue _queue = new();
    private Envelope _last;

    protected TestKitBase(ITestKitAssertions assertions, ActorSystem? system = null, string? testActorName = null)
        : this(assertions, system, Config.Empty, null, testActorName)
    {
    }

    protected TestKitBase(ITestKitAssertions assertions, Config config, string? actorSystemName = null, string? testActorName = null)
        : this(assertions, null, config, actorSystemName, testActorName)
    {
    }

    private TestKitBase(ITestKitAssertions assertions, ActorSystem? system, Config config, string? actorSystemName, string? testActorName)
    {
        ArgumentNullException.ThrowIfNull(assertions);
        _assertions = assertions;
        Sys = system ?? new ActorSystemOptions { ShutDownOnProcessExit = false }.CreateSystem(actorSystemName ?? "test", config);
        TestKitSettings = new TestKitSettings(Sys.Settings.Config);
        TestActor = CreateTestActor(testActorName ?? $"testActor{Impl.NextUid()}");
        EventFilter = new EventFilterFactory(this);
        if (this is not INoImplicitSender)
        {
            ActorContextSlot.SetOutsideSender(TestActor);
        }
    }

    public ActorSystem Sys { get; }

    /// <summary>The actor whose messages the test takes; sender of what the test sends by Tell(message).</summary>
    public IActorRef TestActor { get; }

    public TestKitSettings TestKitSettings { get; }

    public EventFilterFactory EventFilter { get; }

    public ILoggingAdapter Log => Sys.Log;

    public bool HasMessages => _queue.Count > 0;

    /// <summary>The message that was taken last.</summary>
    public object? LastMessage => _last.Message;

    /// <summary>Its sender.</summary>
    public IActorRef LastSender => _last.Sender ?? ActorRefs.Nobody;

    internal ITestKitAssertions Check => _assertions;

    internal VirtualTimeProvider? Virtual => Impl.Options.Time as VirtualTimeProvider;

    private ActorSystemImpl Impl => (ActorSystemImpl)Sys;

    private TimeProvider Clock => (TimeProvider?)Virtual ?? TimeProvider.System;

    /// <summary>A further actor that puts its messages into the same queue.</summary>
    public IActorRef CreateTestActor(string name)
    {
        MessageQueue queue = _queue;
        return Impl.SystemActorOf(Props.Create(() => new TestActor(queue)), name);
    }

    public virtual TestProbe CreateTestProbe(string? name = null) => new(Sys, _assertions, name);

    public virtual TestProbe CreateTestProbe(ActorSystem system, string? name = null) => new(system, _assertions, name);

    public EventFilterFactory CreateEventFilter(ActorSystem system) => new(this, system);

    public IActorRef ActorOf(Props props) => Sys.ActorOf(props);

    public IActorRef ActorOf(Props props, string? name) => Sys.ActorOf(props, name);

    public IActorRef ActorOf<TActor>()
        where TActor : ActorBase, new() => Sys.ActorOf(Props.Create<TActor>());

    public IActorRef ActorOf<TActor>(string name)
        where TActor : ActorBase, new() => Sys.ActorOf(Props.Create<TActor>(), name);

    public IActorRef ActorOf<TActor>(Expression<Func<TActor>> factory)
        where TActor : ActorBase => Sys.ActorOf(Props.Create(factory));

    public IActorRef ActorOf<TActor>(Expression<Func<TActor>> factory, string name)
        where TActor : ActorBase => Sys.ActorOf(Props.Create(factory), name);

    public ActorSelection ActorSelection(ActorPath actorPath) => Sys.ActorSelection(actorPath);

    public ActorSelection ActorSelection(string actorPath) => Sys.ActorSelection(actorPath);

    public ActorSelection ActorSelection(IActorRef anchorRef, string actorPath) => new(anchorRef, actorPath);

    /// <summary>A child of the test actor, supervised by the given strategy.</summary>
    public IActorRef ChildActorOf(Props props, string name, SupervisorStrategy supervisorStrategy, CancellationToken cancellationToken = default) =>
        (IActorRef)Order(TestKit.TestActor.Command.Spawn(props, name, supervisorStrategy), cancellationToken)!;

    public IActorRef ChildActorOf(Props props, SupervisorStrategy supervisorStrategy, CancellationToken cancellationToken = default) =>
        (IActorRef)Order(TestKit.TestActor.Command.Spawn(props, null, supervisorStrategy), cancellationToken)!;

    public IActorRef ChildActorOf(Props props, string name, CancellationToken cancellationToken = default) =>
        (IActorRef)Order(TestKit.TestActor.Command.Spawn(props, name, null), cancellationToken)!;

    public IActorRef ChildActorOf(Props props, CancellationToken cancellationToken = default) =>
        (IActorRef)Order(TestKit.TestActor.Command.Spawn(props, null, null), cancellationToken)!;

    /// <summary>Watches for the test; the watch is registered when this returns.</summary>
    public IActorRef Watch(IActorRef actorToWatch)
    {
        Order(new TestActor.Command((_, context) => context.Watch(actorToWatch)), CancellationToken.None);
        return actorToWatch;
    }

    public IActorRef Unwatch(IActorRef actorToUnwatch)
    {
        Order(new TestActor.Command((_, context) => context.Unwatch(actorToUnwatch)), CancellationToken.None);
        return actorToUnwatch;
    }

    /// <summary>Keeps messages out of the queue.</summary>
    public void IgnoreMessages(Func<object, bool> shouldIgnoreMessage) => Order(TestKit.TestActor.Command.Ignore(shouldIgnoreMessage), CancellationToken.None);

    public void IgnoreMessages<TMsg>(Func<TMsg, bool> shouldIgnoreMessage) =>
        IgnoreMessages(message => message is TMsg typed && shouldIgnoreMessage(typed));

    public void IgnoreMessages<TMsg>() => IgnoreMessages(static message => message is TMsg);

    public void IgnoreNoMessages() => Order(TestKit.TestActor.Command.Ignore(null), CancellationToken.None);

    public void SetAutoPilot(AutoPilot pilot) => Order(TestKit.TestActor.Command.Pilot(pilot), CancellationToken.None);

    /// <summary>A time stretched by <c>akka.test.timefactor</c>.</summary>
    public TimeSpan Dilated(TimeSpan duration) => duration * TestKitSettings.TestTimeFactor;

    public TimeSpan GetTimeoutOrDefault(TimeSpan? timeout) => timeout ?? Dilated(TestKitSettings.DefaultTimeout);

    public virtual void Shutdown(TimeSpan? duration = null, bool verifySystemShutdown = false)
    {
        Shutdown(Sys, duration, verifySystemShutdown);
        if (this is not INoImplicitSender)
        {
            ActorContextSlot.SetOutsideSender(null);
        }
    }

    protected virtual void Shutdown(ActorSystem system, TimeSpan? duration = null, bool verifySystemShutdown = false)
    {
        ArgumentNullException.ThrowIfNull(system);
        TimeSpan wait = duration ?? Dilated(TestKitSettings.DefaultTimeout * 2);
        if (!system.Terminate().Wait(wait) && verifySystemShutdown)
        {
            throw new TimeoutException($"The actor system [{system.Name}] did not stop within {wait}.");
        }
    }

    private object? Order(TestActor.Command command, CancellationToken cancellation)
    {
        TestActor.Tell(command, ActorRefs.NoSender);
        TimeSpan wait = Dilated(TestKitSettings.DefaultTimeout);
        return command.Done.Wait((int)wait.TotalMilliseconds, cancellation)
            ? command.Done.Result
            : throw new TimeoutException($"The test actor did not answer within {wait}.");
    }
}

using Olmo.Runtime.Actor;
using Olmo.Runtime.Dispatch;

namespace Olmo.Runtime.TestKit;

/// <summary>An actor of the test's own with a queue of its own; it can be used wherever a ref can.</summary>
#pragma warning disable CA1036 // the compatibility surface has an order but no order operators
public class TestProbe : TestKitBase, IInternalActorRef, INoImplicitSender
#pragma warning restore CA1036
{
    public TestProbe(ActorSystem system, ITestKitAssertions assertions, string? testProbeName = null)
        : base(assertions, system, testProbeName)
    {
    }

    public IActorRef Ref => TestActor;

    /// <summary>Sender of the message that was taken last.</summary>
    public IActorRef Sender => LastSender;

    ActorPath IActorRef.Path => TestActor.Path;

    ActorSystemImpl? IInternalActorRef.System => Inner.System;

    IInternalActorRef IInternalActorRef.Parent => Inner.Parent;

    bool IInternalActorRef.IsTerminated => Inner.IsTerminated;

    private IInternalActorRef Inner => (IInternalActorRef)TestActor;

    /// <summary>Sends with the probe as sender.</summary>
    public void Send(IActorRef actor, object message)
    {
        ArgumentNullException.ThrowIfNull(actor);
        actor.Tell(message, TestActor);
    }

    /// <summary>Sends on the last message with its sender.</summary>
    public void Forward(IActorRef actor) => Forward(actor, LastMessage ?? throw new InvalidOperationException("The probe has received nothing."));

    public void Forward(IActorRef actor, object message)
    {
        ArgumentNullException.ThrowIfNull(actor);
        actor.Tell(message, Sender);
    }

    /// <summary>Answers the sender of the last message.</summary>
    public void Reply(object message) => Sender.Tell(message, TestActor);

    public override TestProbe CreateTestProbe(string? name = null) => new(Sys, Check, name);

    void ICanTell.Tell(object message, IActorRef? sender) => TestActor.Tell(message, sender);

    IInternalActorRef IInternalActorRef.GetChild(ReadOnlySpan<string> names) => Inner.GetChild(names);

    void IInternalActorRef.SendSystemMessage(SystemMessage message) => Inner.SendSystemMessage(message);

    bool IEquatable<IActorRef>.Equals(IActorRef? other) => ActorRefOrder.Equal(this, other);

    public override bool Equals(object? obj) => obj is IActorRef other && ActorRefOrder.Equal(this, other);

    public override int GetHashCode() => ActorRefOrder.Hash(this);

    int IComparable<IActorRef>.CompareTo(IActorRef? other) => ActorRefOrder.Compare(this, other);

    public int CompareTo(object? obj) => ActorRefOrder.Compare(this, obj as IActorRef);

    public override string ToString() => TestActor.ToString()!;
}

using Olmo.Actors.Links;
using Olmo.Actors.Nodes;
using Olmo.Runtime.Actor;

namespace Olmo.Host.Nodes;

/// <summary>In a child process: ends it when its node says so, and at once when the node has gone.</summary>
internal sealed class ChildActor : ReceiveActor
{
    private readonly IActorRef _links;

    /// <summary>Completes <paramref name="end"/> on the node's word; calls <paramref name="orphaned"/>, which does not return, when the links are lost.</summary>
    public ChildActor(IActorRef links, TaskCompletionSource<string> end, Action<string> orphaned)
    {
        _links = links;
        Receive<EndProcess>(m => end.TrySetResult(m.Reason));
        Receive<LinkLost>(m => orphaned(m.Reason));
    }

    /// <inheritdoc />
    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(LinkLost));
        _links.Tell(new Publish(Self));
    }
}

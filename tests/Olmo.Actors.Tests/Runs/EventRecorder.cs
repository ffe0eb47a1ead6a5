using System.Collections.Concurrent;
using Olmo.Runtime.Actor;

namespace Olmo.Actors.Tests.Runs;

/// <summary>Keeps what it is sent for a test to take.</summary>
internal sealed class EventRecorder : UntypedActor
{
    private readonly BlockingCollection<object> _messages;

    public EventRecorder(BlockingCollection<object> messages) => _messages = messages;

    protected override void OnReceive(object message) => _messages.Add(message);
}

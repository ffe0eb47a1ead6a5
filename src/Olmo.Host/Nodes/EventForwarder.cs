using Olmo.Actors.Checkpoints;
using Olmo.Actors.Links;
using Olmo.Actors.Ranks;
using Olmo.Actors.Runs;
using Olmo.Runtime.Actor;

namespace Olmo.Host.Nodes;

/// <summary>In a child process: sends what is published for those who watch to the node, whose <see cref="EventRelay"/> publishes it there.</summary>
internal sealed class EventForwarder : ReceiveActor
{
    private static readonly Type[] Watched =
        [typeof(StepCompleted), typeof(CheckpointEvent), typeof(RankFinished), typeof(JournalUnavailable), typeof(JournalAvailable), typeof(WaitingForRanks), typeof(WorldRecovered),
            typeof(RunEventStored)];

    /// <summary>Sends to the relay's address.</summary>
    public EventForwarder(IActorRef relay)
    {
        Receive<RunEventStored>(m => relay.Tell(m.Event));
        ReceiveAny(relay.Tell);
    }

    /// <inheritdoc />
    protected override void PreStart()
    {
        foreach (Type type in Watched)
        {
            Context.System.EventStream.Subscribe(Self, type);
        }
    }
}

/// <summary>In the node: publishes what its children forward.</summary>
internal sealed class EventRelay : ReceiveActor
{
    private readonly IActorRef _links;

    /// <summary>Can be reached through <paramref name="links"/>.</summary>
    public EventRelay(IActorRef links)
    {
        _links = links;
        Receive<RunEvent>(m => Context.System.EventStream.Publish(new RunEventStored(m)));
        ReceiveAny(Context.System.EventStream.Publish);
    }

    /// <inheritdoc />
    protected override void PreStart() => _links.Tell(new Publish(Self));
}

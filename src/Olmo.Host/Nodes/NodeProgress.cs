using Olmo.Actors.Nodes;
using Olmo.Actors.Runs;
using Olmo.Host.Runs;
using Olmo.Runtime.Actor;

namespace Olmo.Host.Nodes;

/// <summary>Shows a person which processes come and go, and ends the command when the node cannot keep them alive.</summary>
internal sealed class NodeProgress : ReceiveActor
{
    /// <summary>Writes to <paramref name="line"/> and completes <paramref name="end"/> when the node fails.</summary>
    public NodeProgress(ProgressLine line, TaskCompletionSource<RunEnd> end)
    {
        Receive<ProcessChanged>(m => line.Say($"{(m.Role is ProcessRole.Rank ? "rank" : "coordinator")} {m.Number}: {m.What}"));
        Receive<NodeFailed>(m => end.TrySetResult(new RunEnd(StopReason.RankFailed, m.Reason, 0, null)));
    }

    /// <inheritdoc />
    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(ProcessChanged));
        Context.System.EventStream.Subscribe(Self, typeof(NodeFailed));
    }
}

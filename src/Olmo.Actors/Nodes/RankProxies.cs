using System.Collections.Immutable;
using Olmo.Actors.Links;
using Olmo.Actors.Ranks;

namespace Olmo.Actors.Nodes;

/// <summary>
/// In the coordinator: turns a node's list of processes into handles of ranks for the <see cref="RankSupervisor"/>.
/// </summary>
public sealed class RankProxies : ReceiveActor
{
    private readonly IActorRef _links;
    private readonly IActorRef _supervisor;
    private readonly TaskCompletionSource _listed;
    private readonly SortedDictionary<int, IActorRef> _proxies = [];
    private IActorRef _node = ActorRefs.Nobody;

    /// <summary>Tells <paramref name="supervisor"/> of the processes of the node that speaks to it.</summary>
    /// <param name="links">The link's actor of this process.</param>
    /// <param name="supervisor">The supervisor of ranks.</param>
    /// <param name="listed">Completed by the first list.</param>
    public RankProxies(IActorRef links, IActorRef supervisor, TaskCompletionSource listed)
    {
        _links = links;
        _supervisor = supervisor;
        _listed = listed;
        Receive<ProcessList>(OnList);
        Receive<ProcessEnded>(OnEnded);
        Receive<KillProcess>(m => _node.Tell(m));
    }

    /// <inheritdoc />
    protected override void PreStart() => _links.Tell(new Publish(Self));

    private void OnList(ProcessList list)
    {
        _node = Sender;
        foreach (int gone in _proxies.Keys.Except(list.Ranks.Select(r => r.Rank)).ToArray())
        {
            Drop(gone);
        }

        _supervisor.Tell(new RanksChanged([.. list.Ranks.Select(r => new RankEntry(r.Rank, ProxyOf(r.Rank), r.IsReady, r.IsSilent))]));
        _listed.TrySetResult();
    }

    private void OnEnded(ProcessEnded ended) => Drop(ended.Rank); // the list that follows lacks it

    private IActorRef ProxyOf(int rank)
    {
        if (!_proxies.TryGetValue(rank, out IActorRef? proxy))
        {
            IActorRef links = _links;
            string address = $"rank-{rank}/user/rank";
            _proxies[rank] = proxy = Context.ActorOf(Props.Create(() => new RemoteActor(links, address)), $"rank-{rank}");
        }

        return proxy;
    }

    private void Drop(int rank)
    {
        if (_proxies.Remove(rank, out IActorRef? proxy))
        {
            Context.Stop(proxy);
            _links.Tell(new Forget($"rank-{rank}"));
        }
    }
}

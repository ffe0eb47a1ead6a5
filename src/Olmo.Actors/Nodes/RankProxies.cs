using System.Collections.Immutable;
using Olmo.Actors.Links;
using Olmo.Actors.Ranks;

namespace Olmo.Actors.Nodes;

/// <summary>
/// In the coordinator: turns a node's list of processes into handles of ranks for the <see cref="RankSupervisor"/>. A rank that is silent for too long is killed by its node,
/// the last resort: it may hold sockets and memory of a world that went on without it.
/// </summary>
public sealed class RankProxies : ReceiveActor, IWithTimers
{
    private readonly IActorRef _links;
    private readonly IActorRef _supervisor;
    private readonly TimeSpan? _silence;
    private readonly TaskCompletionSource _listed;
    private readonly SortedDictionary<int, IActorRef> _proxies = [];
    private IActorRef _node = ActorRefs.Nobody;

    /// <summary>Tells <paramref name="supervisor"/> of the processes of the node that speaks to it.</summary>
    /// <param name="links">The link's actor of this process.</param>
    /// <param name="supervisor">The supervisor of ranks.</param>
    /// <param name="silence">How long a rank may go on being silent before it is killed; null: for ever.</param>
    /// <param name="listed">Completed by the first list.</param>
    public RankProxies(IActorRef links, IActorRef supervisor, TimeSpan? silence, TaskCompletionSource listed)
    {
        _links = links;
        _supervisor = supervisor;
        _silence = silence;
        _listed = listed;
        Receive<ProcessList>(OnList);
        Receive<ProcessEnded>(OnEnded);
        Receive<KillProcess>(m => _node.Tell(m));
        Receive<StillSilent>(m => _node.Tell(new KillProcess(m.Rank, $"silent for longer than {_silence} after it was first missed")));
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart() => _links.Tell(new Publish(Self));

    private void OnList(ProcessList list)
    {
        _node = Sender;
        foreach (int gone in _proxies.Keys.Except(list.Ranks.Select(r => r.Rank)).ToArray())
        {
            Drop(gone);
        }

        foreach (RankProcess process in list.Ranks)
        {
            string key = $"silent-{process.Rank}";
            if (!process.IsSilent)
            {
                Timers.Cancel(key);
            }
            else if (_silence is { } longest && !Timers.IsTimerActive(key))
            {
                Timers.StartSingleTimer(key, new StillSilent(process.Rank), longest);
            }
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
            Timers.Cancel($"silent-{rank}");
            Context.Stop(proxy);
            _links.Tell(new Forget($"rank-{rank}"));
        }
    }

    private sealed record StillSilent(int Rank);
}

using Olmo.Model.State;

namespace Olmo.Model.Steps;

/// <summary>
/// A whole world in one process, one rank after the other: every sum travels as the bytes of a <see cref="SumFrame"/> to the owner in its replica, owners of
/// different replicas exchange what their own replica contributed, all owners announce, and each rank decides for itself. For tests and the comparison of worlds.
/// </summary>
public sealed class VirtualWorld : IDisposable
{
    private readonly RankStep[] _ranks;
    private readonly IStepProgram[] _programs;
    private readonly Announcement[] _announcements;
    private readonly ulong[] _groupWords;
    private byte[] _frame = [];

    /// <summary>Builds the ranks.</summary>
    /// <param name="settings">The step; its number of replicas is used as far as there are ranks.</param>
    /// <param name="ranks">Ranks, at most G.</param>
    /// <param name="program">Makes a rank's program; all must start with equal parameters.</param>
    public VirtualWorld(StepSettings settings, int ranks, Func<int, IStepProgram> program)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(program);
        Plan = new WorldPlan(ranks, settings.Replicas, settings.Groups, settings.Shards);
        _programs = new IStepProgram[ranks];
        _ranks = new RankStep[ranks];
        for (int r = 0; r < ranks; r++)
        {
            _programs[r] = program(r);
            WorkingParameters working = _programs[r].Parameters;
            RunProgress progress = new(settings.Decision.SkipStep?.Window ?? 0);
            ShardPlacement placement = new(working.Layout, Plan.ShardsOf(r));
            TrainingState state = placement.IsWhole
                ? TrainingState.OverWorkingParameters(working, progress)
                : TrainingState.CopyOf(placement, working, progress);
            _ranks[r] = new RankStep(settings, _programs[r], state, Plan.ReplicaOf(r), Plan.Replicas);
        }

        _announcements = new Announcement[Plan.Replicas * settings.Shards];
        _groupWords = new ulong[GroupSet.WordsFor(settings.Groups)];
    }

    /// <summary>Who does what.</summary>
    public WorldPlan Plan { get; }

    /// <summary>The ranks.</summary>
    public IReadOnlyList<RankStep> Ranks => _ranks;

    /// <summary>What the passes of each rank read.</summary>
    public IEnumerable<WorkingParameters> Parameters => _programs.Select(p => p.Parameters);

    /// <summary>Announcements of the last step, one per owner of each shard.</summary>
    public ReadOnlySpan<Announcement> Announcements => _announcements;

    /// <summary>Runs one step and returns the reports of all ranks, which agree in everything but the groups that each ran.</summary>
    /// <param name="id">The attempt.</param>
    /// <param name="batch">All groups of the global batch.</param>
    /// <exception cref="InvalidOperationException">Announcements are not equal per shard, or ranks came to different reports or parameters.</exception>
    public StepReport[] Run(in StepIdentity id, IReadOnlyList<GroupBatch> batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        long labels = 0;
        foreach (GroupBatch group in batch)
        {
            labels += group.CountLabels();
        }

        for (int r = 0; r < _ranks.Length; r++)
        {
            _ranks[r].Begin(id, labels);
            (int first, int end) = Plan.GroupsOf(r);
            for (int g = first; g < end; g++)
            {
                _ranks[r].RunGroup(batch[g], CancellationToken.None);
            }
        }

        for (int r = 0; r < _ranks.Length; r++)
        {
            SendToOwners(r, id);
        }

        for (int r = 0; r < _ranks.Length; r++)
        {
            ExchangeWithReplicas(r, id);
        }

        return Conclude(id);
    }

    /// <summary>Stages of the shards of one replica, which together hold every shard once.</summary>
    public IReadOnlyList<ShardStage> Stage(int replica)
    {
        List<ShardStage> stages = [];
        (int first, int end) = Plan.RanksOf(replica);
        for (int r = first; r < end; r++)
        {
            ShardStage stage = new(_ranks[r].State.Provider, _ranks[r].State.Placement);
            stage.Take(_ranks[r].State);
            stages.Add(stage);
        }

        return stages;
    }

    /// <summary>Frees ranks, states and those programs that can be freed.</summary>
    public void Dispose()
    {
        for (int r = 0; r < _ranks.Length; r++)
        {
            _ranks[r].Dispose();
            _ranks[r].State.Dispose();
            (_programs[r] as IDisposable)?.Dispose();
        }
    }

    private void SendToOwners(int rank, in StepIdentity id)
    {
        RankStep from = _ranks[rank];
        for (int shard = 0; shard < Plan.Shards; shard++)
        {
            RankStep owner = _ranks[Plan.OwnerOf(from.Replica, shard)];
            if (!ReferenceEquals(owner.Own, from.Local))
            {
                Send(from.Local, owner.Own, shard, id);
            }
        }
    }

    private void ExchangeWithReplicas(int rank, in StepIdentity id)
    {
        RankStep from = _ranks[rank];
        foreach (int shard in from.State.Placement.Shards)
        {
            for (int replica = 0; replica < Plan.Replicas; replica++)
            {
                if (replica != from.Replica)
                {
                    Send(from.Own, _ranks[Plan.OwnerOf(replica, shard)].Foreign!, shard, id);
                }
            }
        }
    }

    private void Send(GradientAccumulator from, GradientAccumulator to, int shard, in StepIdentity id)
    {
        for (int layer = 0; layer <= from.Layout.Layers; layer++)
        {
            int most = from.MostFrameBytes(layer, shard, id);
            if (_frame.Length < most)
            {
                _frame = new byte[most];
            }

            int length = from.WriteFrame(layer, shard, id, _frame);
            SumFrame frame = SumFrame.Read(_frame.AsSpan(0, length), _groupWords, id.RunId);
            if (frame.Id != id)
            {
                throw new InvalidOperationException($"A frame of {frame.Id} arrived in {id}.");
            }

            to.Add(frame);
        }
    }

    private StepReport[] Conclude(in StepIdentity id)
    {
        int at = 0;
        foreach (RankStep rank in _ranks)
        {
            ReadOnlySpan<Announcement> said = rank.Announce();
            said.CopyTo(_announcements.AsSpan(at));
            at += said.Length;
        }

        StepReport[] reports = new StepReport[_ranks.Length];
        for (int r = 0; r < _ranks.Length; r++)
        {
            StepDecision decision = _ranks[r].Decide(_announcements);
            if (!decision.IsDone)
            {
                throw new InvalidOperationException($"{id}: the outcome is {decision.Outcome}, shard {decision.Shard}.");
            }

            reports[r] = _ranks[r].Finish(decision);
            if (reports[r] with { Groups = 0, BatchHash = default } != reports[0] with { Groups = 0, BatchHash = default })
            {
                throw new InvalidOperationException($"Rank {r} reports {reports[r]}, rank 0 {reports[0]}.");
            }
        }

        for (int r = 0; r < _ranks.Length; r++)
        {
            GatherInReplica(r);
        }

        return reports;
    }

    // Every rank gets the parameters of all owners in its replica.
    private void GatherInReplica(int rank)
    {
        (int first, int end) = Plan.RanksOf(_ranks[rank].Replica);
        for (int owner = first; owner < end; owner++)
        {
            _ranks[owner].State.Gather(_programs[rank].Parameters);
        }
    }
}

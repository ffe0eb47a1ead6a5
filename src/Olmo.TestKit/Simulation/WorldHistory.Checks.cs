using Olmo.Actors.Worlds;

namespace Olmo.TestKit.Simulation;

/// <content>The checks (a) to (e) of the step protocol, with the eyes of somebody who sees everything.</content>
internal sealed partial class WorldHistory
{
    private readonly Dictionary<long, GenerationPlan> _worlds = [];
    private GenerationPlan? _newestPlan;
    private long _mostApplied;
    private long _generationOfMostApplied = 1;
    private int _generations;
    private int _checkpoints;

    /// <summary>The newest step that was applied on a full set of announcements.</summary>
    public long MostOnFullSet { get; set; }

    /// <summary>A shard is about to take a sum: it must be the whole one, each group once, and give the content of the quiet run.</summary>
    public void CheckSum(int rank, int shard, SimulatedShard held, long step, string verb)
    {
        if (!held.IsVerified)
        {
            throw new ViolationException($"(d) rank {rank} {verb} {step} to shard {shard} without verified state");
        }

        if (held.SumStep != step)
        {
            throw new ViolationException($"(a) rank {rank} {verb} {step} to shard {shard}, which stands at {held.Step}");
        }

        for (int layer = 0; layer < SimulationShape.RangesPerShard; layer++)
        {
            GroupMask groups = held.PiecesOf(layer).Total;
            int added = held.Own[layer].Added + held.Foreign[layer].Added;
            if (groups.Count != Shape.Groups || added != Shape.Groups)
            {
                throw new ViolationException(
                    $"(c) rank {rank} {verb} {step} to shard {shard}, layer {layer}: groups {groups}, {added} were added, {Shape.Groups} are right");
            }
        }

        if (QuietRun.Next(held.Digest, held.SumDigest) != Quiet.State(step, shard))
        {
            throw new ViolationException($"(a) rank {rank} {verb} {step} to shard {shard}: its content differs from the quiet run's");
        }
    }

    public void NoteApplied(int rank, int shard, SimulatedShard held, long generation)
    {
        if (held.Step > _mostApplied && _leftOutAt[rank] == 0)
        {
            Trace($"step {held.Step} is applied for the first time, by rank {rank} to shard {shard}");
            _mostApplied = held.Step;
            _generationOfMostApplied = generation;
        }
    }

    /// <summary>Two worlds of one number never meet.</summary>
    public void CheckOneWorld(int rank, GenerationPlan plan)
    {
        if (plan.Generation > _leftOutAt[rank])
        {
            _leftOutAt[rank] = 0;
        }

        if (!_worlds.TryAdd(plan.Generation, plan) && !ReferenceEquals(_worlds[plan.Generation], plan))
        {
            throw new ViolationException($"(a) there are two worlds of generation {plan.Generation}");
        }
    }

    /// <summary>A checkpoint is loaded only where a shard has no living owner that can reach the newest step that anybody applied.</summary>
    public void CheckCheckpointIsDue(FormationResult.CheckpointNeeded needed, IReadOnlyList<WorldReport> reports)
    {
        List<SimulatedRank> living = Living(reports);
        if (EveryShardHasOwner(living))
        {
            throw new ViolationException($"(b) every shard has a living owner of the world that applied {_mostApplied}, and a checkpoint is loaded: {needed.Reason}");
        }

        for (int shard = 0; shard < Shape.Shards; shard++)
        {
            if (living.Exists(r => r.DroppedEarly(shard)) && !living.Exists(r => r.Shard(shard) is { IsVerified: true }))
            {
                throw new ViolationException($"(b) shard {shard} is lost: a living rank gave up its state before the first full set of announcements");
            }
        }
    }

    public void NoteCheckpoint(long generation, string reason)
    {
        Trace($"CHECKPOINT for generation {generation}: {reason}");
        _checkpoints++;
        _mostApplied = 0;
        _generationOfMostApplied = generation;
    }

    public void CheckPlan(GenerationPlan plan, IReadOnlyList<WorldReport> reports)
    {
        _generations++;
        if (plan.Source == StateSource.Survivors)
        {
            CheckDonors(plan);
            CheckNothingTwice(plan, reports);
            CheckNotBack(plan, reports);
        }

        _newestPlan = plan;
    }

    public void NoteProgress(SimulatedRank rank)
    {
        if (!rank.IsFinished)
        {
            return;
        }

        _isFinished = Journal.Members.Length > 0;
        foreach (WorldMember member in Journal.Members)
        {
            _isFinished &= _ranks[member.RankId] is { IsAlive: true, IsFinished: true } other && other.Plan!.Generation == rank.Plan!.Generation;
        }
    }

    private List<SimulatedRank> Living(IReadOnlyList<WorldReport> reports) =>
        [.. reports.Select(r => _ranks[r.RankId]).Where(r => r.IsAlive && _leftOutAt[r.Id] == 0)];

    private bool EveryShardHasOwner(List<SimulatedRank> living)
    {
        for (int shard = 0; shard < Shape.Shards; shard++)
        {
            if (!living.Exists(r => r.Shard(shard) is { IsVerified: true } held && held.ReadyGeneration >= _generationOfMostApplied))
            {
                return false;
            }
        }

        return true;
    }

    // What somebody applied stays applied, or is whole in the base. Where all who applied it are gone and took a shard's only whole sum along, the step is done again
    // from the state before it, with the same bits.
    private void CheckNotBack(GenerationPlan plan, IReadOnlyList<WorldReport> reports)
    {
        bool isWhole = plan.Bases.All(pieces => new RangePlan(pieces, []).BaseGroups.Count == Shape.Groups);
        if (plan.StateStep + (isWhole ? 1 : 0) >= _mostApplied)
        {
            return;
        }

        if (EveryShardHasOwner(Living(reports)))
        {
            throw new ViolationException($"(b) step {_mostApplied} was applied, every shard has a living owner of that world, and the next begins at {plan.StateStep}");
        }

        _mostApplied = plan.StateStep;
        _generationOfMostApplied = plan.Generation;
    }

    private void CheckDonors(GenerationPlan plan)
    {
        foreach (ShardMove move in plan.Moves)
        {
            foreach (int donor in move.Donors)
            {
                if (_ranks[donor].IsAlive && _ranks[donor].Shard(move.Shard) is not { IsVerified: true })
                {
                    throw new ViolationException($"(d) rank {donor} is to donate shard {move.Shard} and has no verified state of it");
                }
            }
        }
    }

    // The first change of the world in a step repeats nothing that a living rank has computed.
    private void CheckNothingTwice(GenerationPlan plan, IReadOnlyList<WorldReport> reports)
    {
        if (_newestPlan is { Source: StateSource.Survivors } before && before.StateStep == plan.StateStep)
        {
            return;
        }

        GroupMask again = default;
        foreach (MemberDeal deal in plan.Deals)
        {
            again |= deal.IsRetained ? deal.Groups.Except(deal.Run) : deal.Groups;
        }

        foreach (WorldReport report in reports)
        {
            GroupMask twice = again & _ranks[report.RankId].ComputedOf(plan.StateStep + 1);
            if (_ranks[report.RankId].IsAlive && report.FormerGeneration > 0 && !twice.IsEmpty && Journal.Members.Any(m => m.RankId == report.RankId))
            {
                throw new ViolationException($"(f) groups {twice} of step {plan.StateStep + 1} are computed again, and rank {report.RankId} lives and has computed them");
            }
        }
    }
}

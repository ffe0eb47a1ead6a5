using System.Collections.Immutable;
using Olmo.Actors.Worlds;
using Olmo.Model.Steps;

namespace Olmo.TestKit.Simulation;

/// <summary>
/// A rank process as a deterministic machine without I/O: events in, packets out through the history. What it may do it asks <see cref="RankRules"/>, as the real
/// engine does; its sums are sets with digests, its state is a digest.
/// </summary>
internal sealed partial class SimulatedRank
{
    private readonly WorldHistory _history;
    private readonly SimulationShape _shape;
    private readonly ProtocolRules _rules;
    private readonly GroupMask _all;
    private readonly SimulatedShard?[] _shards;
    private readonly long[] _parameterSteps;
    private readonly ulong[] _parameterParts;
    private readonly long[] _droppedEarly;
    private readonly List<SimulationEvent> _early = [];
    private WorldPlan _world = new(1, 1, 1, 1);
    private RankStanding _standing;
    private int _replica;
    private long _nextStep;
    private AppliedStep? _applied;
    private SimulationEvent? _deferredPrepare;

    public SimulatedRank(WorldHistory history, int id)
    {
        _history = history;
        _shape = history.Shape;
        _rules = history.Rules;
        _all = GroupMask.All(_shape.Groups);
        _shards = new SimulatedShard?[_shape.Shards];
        _droppedEarly = new long[_shape.Shards];
        _parameterSteps = new long[_shape.Shards];
        _parameterParts = new ulong[_shape.Shards];
        Array.Fill(_parameterSteps, -1);
        int ranges = _shape.Shards * SimulationShape.RangesPerShard;
        _runValues = new ulong[ranges];
        _singleValues = new ulong[_shape.Groups * ranges];
        Id = id;
    }

    public int Id { get; }

    public bool IsAlive { get; set; } = true;

    public bool IsFrozen { get; set; }

    public List<SimulationEvent> Inbox { get; } = [];

    public GenerationPlan? Plan { get; private set; }

    public RankStanding Standing => _standing;

    public bool IsApplying { get; private set; }

    public bool HasFailed { get; private set; }

    /// <summary>Steps that the working parameters have seen, -1 where they are a mix.</summary>
    public long ParameterStep
    {
        get
        {
            for (int shard = 1; shard < _parameterSteps.Length; shard++)
            {
                if (_parameterSteps[shard] != _parameterSteps[0])
                {
                    return -1;
                }
            }

            return _parameterSteps[0];
        }
    }

    public bool IsFinished => Plan is not null && ParameterStep == _shape.Steps && _nextStep > _shape.Steps;

    public SimulatedShard? Shard(int shard) => _shards[shard];

    public bool DroppedEarly(int shard) => _droppedEarly[shard] == _standing.Generation && _standing.Generation > 0;

    public void Handle(in SimulationEvent item)
    {
        switch (item.Kind)
        {
            case SimulationEventKind.Frame: OnFrame(item); break;
            case SimulationEventKind.Announcement: OnAnnouncement(item); break;
            case SimulationEventKind.FetchRequest: OnFetchRequest(item); break;
            case SimulationEventKind.StateChunk: OnStateChunk(item); break;
            case SimulationEventKind.Parameters: OnParameters(item); break;
            case SimulationEventKind.Prepare: OnPrepare(item); break;
            case SimulationEventKind.Form: OnPlan((GenerationPlan)item.Body!); break;
            case SimulationEventKind.StatusRequest: _history.Send(SimulationEventKind.Status, Id, item.From, new SimulationEvent { Generation = _standing.Generation, Step = _standing.Promised, Number = HasFailed ? 1 : 0 }); break;
            case SimulationEventKind.ComputeDone: OnComputed(item); break;
            case SimulationEventKind.ApplyDone: OnApplied(item.Generation); break;
            case SimulationEventKind.LoadDone: OnLoaded(item); break;
            default: throw new InvalidOperationException($"A rank got {item.Kind}.");
        }
    }

    private bool MayAct => RankRules.MayAct(_standing, _rules);

    private void OnPrepare(in SimulationEvent item)
    {
        if (!RankRules.MayPromise(_standing, item.Generation))
        {
            return;
        }

        if (IsApplying)
        {
            // Rule 9: an update in work is finished first.
            if (_deferredPrepare is null || _deferredPrepare.Value.Generation < item.Generation)
            {
                _deferredPrepare = item;
            }

            return;
        }

        _standing = _standing with { Promised = item.Generation };
        if (_rules.Promise)
        {
            GiveUpSingles();
        }

        _history.Send(SimulationEventKind.Report, Id, item.From, new SimulationEvent { Generation = item.Generation, Body = Report(item.Generation) });
    }

    private WorldReport Report(long generation)
    {
        if (_standing.Generation == 0)
        {
            return WorldReport.Spare(Id, generation);
        }

        ImmutableArray<ShardReport>.Builder shards = ImmutableArray.CreateBuilder<ShardReport>();
        ImmutableArray<SumPieces>.Builder distinct = ImmutableArray.CreateBuilder<SumPieces>();
        List<int> index = [];
        for (int shard = 0; shard < _shards.Length; shard++)
        {
            SimulatedShard? held = _shards[shard];
            if (held is null || (!held.IsVerified && _rules.ReportVerifiedOnly))
            {
                continue;
            }

            shards.Add(new ShardReport(shard, held.Step, held.IsVerified ? held.Digest : _history.Quiet.State(held.Step, shard)));
            for (int layer = 0; layer < SimulationShape.RangesPerShard; layer++)
            {
                SumPieces pieces = held.PiecesOf(layer);
                int at = distinct.IndexOf(pieces);
                if (at < 0)
                {
                    at = distinct.Count;
                    distinct.Add(pieces);
                }

                index.Add(at);
            }
        }

        bool hasRun = RetainsRun;
        return new WorldReport(
            Id, generation, _standing.Generation, 0, ParameterStep, hasRun ? _run : default, hasRun ? _computed : default, shards.ToImmutable(),
            distinct.ToImmutable(), RangeIndex.Of([.. index]), _applied);
    }

    private void Redispatch()
    {
        if (_early.Count == 0)
        {
            return;
        }

        SimulationEvent[] waiting = [.. _early];
        _early.Clear();
        foreach (SimulationEvent item in waiting)
        {
            Handle(item);
        }
    }

    private void Fail()
    {
        if (!HasFailed)
        {
            HasFailed = true;
            _history.SendToCoordinator(SimulationEventKind.Failed, Id, new SimulationEvent { Generation = _standing.Generation, Number = Id });
        }
    }

    private int OwnerOf(int replica, int shard) => Plan!.Members[_world.OwnerOf(replica, shard)];
}

using System.Collections.Immutable;
using Olmo.Actors.Collectives;
using Olmo.Actors.Worlds;
using Olmo.Model.Steps;

namespace Olmo.Actors.Ranks;

/// <summary>
/// A rank's part in one generation: its duties, its sums, the announcements, and the threads that send and receive. It ends with the generation; the local sums, the
/// parameters and the state are the engine's.
/// </summary>
/// <remarks>Fields about the step are changed under the engine's gate, sums and what they cover under <see cref="SumPair.Gate"/>; who needs both takes the pair's first.</remarks>
internal sealed partial class WorldGeneration
{
    private readonly WorldEngine _engine;
    private readonly int _layers;
    private readonly GroupMask _all;
    private readonly GroupMask[] _expectedOfUse;
    private readonly int[] _rangeOfUse;
    private readonly bool[] _usesRunOfUse;
    private readonly int[] _placeOfShard;
    private readonly bool[] _full;
    private readonly bool[] _exchanged;
    private readonly bool[] _contributed;
    private readonly int[] _rangesLeft;
    private readonly Announcement[] _announcements;
    private readonly bool[] _isAnnounced;
    private ShardOwner _owner;
    private int _shardsLeft;
    private int _announced;
    private long _sumStep;
    private int _attempt;
    private bool[]? _voidShards; // of a later attempt: only these are sent again
    private volatile bool _promised;
    private volatile bool _meshFailed;

    public WorldGeneration(WorldEngine engine, GenerationPlan plan, WorldPlan world, int self, Holding holding, SumPair sums, int[] baseLeft)
    {
        _engine = engine;
        Plan = plan;
        World = world;
        Self = self;
        Replica = world.ReplicaOf(self);
        Holding = holding;
        Sums = sums;
        _baseLeft = baseLeft;
        _layers = plan.Recipe.Layers;
        _all = GroupMask.All(plan.Recipe.Groups);
        int rank = plan.Members[self];
        GroupMask run = plan.Deals[self].Run;
        (FirstOfReplica, EndOfReplica) = world.RanksOf(Replica);
        _expectedOfUse = new GroupMask[plan.Uses.Length];
        _rangeOfUse = new int[plan.Uses.Length];
        for (int range = plan.Recipe.Ranges - 1; range >= 0; range--)
        {
            _rangeOfUse[plan.UseOfRange[range]] = range;
        }

        _usesRunOfUse = new bool[plan.Uses.Length];
        for (int u = 0; u < plan.Uses.Length; u++)
        {
            _usesRunOfUse[u] = !run.IsEmpty && plan.Uses[u].Contains(new Atom(rank, run));
        }

        _placeOfShard = new int[world.Shards];
        Array.Fill(_placeOfShard, -1);
        int shards = holding.Placement.Shards.Length;
        for (int i = 0; i < shards; i++)
        {
            _placeOfShard[holding.Placement.Shards[i]] = i;
        }

        _full = new bool[shards * (_layers + 1)];
        _exchanged = new bool[_full.Length];
        _rangesLeft = new int[shards];
        _contributed = new bool[_layers + 1];
        _announcements = new Announcement[world.Replicas * world.Shards];
        _isAnnounced = new bool[_announcements.Length];
        _frameWords = new ulong[world.Ranks][];
        for (int p = 0; p < world.Ranks; p++)
        {
            _frameWords[p] = new ulong[GroupSet.WordsFor(world.Groups)];
        }

        _sumStep = plan.StateStep + 1;
        Expect();
        _owner = engine.OwnerOf(holding, sums);
        StartCounting();
        InitialiseSending();
    }

    public GenerationPlan Plan { get; }

    public WorldPlan World { get; }

    public int Self { get; }

    public int Replica { get; }

    public int FirstOfReplica { get; }

    public int EndOfReplica { get; }

    public Holding Holding { get; }

    public SumPair Sums { get; }

    public IMesh? Mesh { get; private set; }

    public long Number => Plan.Generation;

    /// <summary>Step whose sums are taken.</summary>
    public long SumStep => Volatile.Read(ref _sumStep);

    public int Attempt => Volatile.Read(ref _attempt);

    public StepIdentity Id => new(_engine.Run, Plan.Timeline, Number, SumStep, Attempt);

    /// <summary>Nothing more comes of it: it was promised away, or its mesh failed.</summary>
    public bool IsOver => !MayAct || _meshFailed;

    /// <summary>Rule 12: between a report and the plan a rank adds, sends, announces and applies nothing.</summary>
    public bool MayAct => RankRules.MayAct(Standing, _engine.Rules);

    /// <summary>State, base and parameters are there.</summary>
    public bool IsJoined { get; set; }

    /// <summary>A full set of announcements of this generation was seen.</summary>
    public bool SawFullSet { get; set; }

    public ShardOwner Owner => _owner;

    public bool SumsAreWhole => Volatile.Read(ref _shardsLeft) == 0;

    /// <summary>Every owned shard may be announced; under the gate.</summary>
    public bool MayAnnounce
    {
        get
        {
            bool whole = SumsAreWhole;
            if (!whole || (!IsJoined && _engine.Rules.VerifiedState))
            {
                return false;
            }

            foreach (int shard in Holding.Placement.Shards)
            {
                if (!RankRules.MayAnnounce(Standing, SumStep, Holding.Step, Holding.IsVerified(shard), whole, _engine.Rules))
                {
                    return false;
                }
            }

            return true;
        }
    }

    public bool IsFullyAnnounced => _announced == _announcements.Length;

    /// <summary>By replica, then shard.</summary>
    public ReadOnlySpan<Announcement> Announcements => _announcements;

    public RankStanding Standing => new(Number, _promised ? Number + 1 : Number);

    /// <summary>Under the gate.</summary>
    public void Promise() => _promised = true;

    /// <summary>Groups that this rank recomputes, each an atom of its own.</summary>
    public ImmutableArray<int> Singles => SumStep == Plan.StateStep + 1 ? Plan.Deals[Self].Singles : [];

    /// <summary>The run of this rank goes to the range in a step; of a later attempt only to void shards.</summary>
    public bool UsesRun(long step, bool[]? voidShards, int layer, int shard) =>
        (voidShards is null || voidShards[shard]) && (step > Plan.StateStep + 1 || _usesRunOfUse[UseOf(layer, shard)]);

    /// <summary>A group that this rank recomputed goes to the range.</summary>
    public bool UsesSingle(int layer, int shard, int group)
    {
        foreach (Atom atom in Plan.Uses[UseOf(layer, shard)])
        {
            if (atom.Rank == Plan.Members[Self] && atom.Groups == GroupMask.Of(group))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Can the local accumulator be the own sum in the generation's first step? Only if this rank's run is all that its replica contributes, to every range.</summary>
    public static bool FirstStepUsesLocal(GenerationPlan plan, WorldPlan world, int self)
    {
        (int first, int end) = world.RanksOf(world.ReplicaOf(self));
        Atom run = new(plan.Members[self], plan.Deals[self].Run);
        return end - first == 1 && plan.Deals[self].Singles.IsEmpty && plan.Uses.All(use => use.Contains(run)) && plan.Bases.All(b => b.IsEmpty);
    }

    /// <summary>By the compute thread, after the update: sums are empty, and those of the next step are taken.</summary>
    public void NextStep()
    {
        lock (Sums.Gate)
        {
            Sums.Reset();
            if (EndOfReplica - FirstOfReplica == 1 && !Sums.OwnIsLocal)
            {
                Sums.UseLocal();
                _owner.Dispose();
                _owner = _engine.OwnerOf(Holding, Sums);
            }

            Advance(_sumStep + 1, 0, null);
        }
    }

    /// <summary>By the compute thread: the sums of some shards are void; contributions are sent again from what the ranks kept (rule 8).</summary>
    public void NextAttempt(ReadOnlySpan<bool> isVoid)
    {
        lock (Sums.Gate)
        {
            foreach (int shard in Holding.Placement.Shards)
            {
                if (isVoid[shard])
                {
                    Sums.ResetShard(shard);
                }
            }

            Advance(_sumStep, _attempt + 1, isVoid.ToArray());
        }
    }

    /// <summary>Announcements that count; under the gate.</summary>
    public void Count(in Announcement said)
    {
        int at = (said.Replica * World.Shards) + said.Shard;
        _announcements[at] = said;
        if (!_isAnnounced[at])
        {
            _isAnnounced[at] = true;
            _announced++;
        }

        for (int other = said.Shard; !_engine.Rules.FullSet && other < _announcements.Length; other += World.Shards)
        {
            if (!_isAnnounced[other]) // a drill: one owner speaks for all of its shard's
            {
                _announcements[other] = said with { Replica = other / World.Shards };
                _isAnnounced[other] = true;
                _announced++;
            }
        }
    }

    private int UseOf(int layer, int shard) => Plan.UseOfRange[Plan.Recipe.RangeOf(layer, shard)];

    private GroupMask ExpectedOf(int layer, int shard) => _expectedOfUse[UseOf(layer, shard)];

    // What a replica contributes is the same for all ranges of one list of contributions, and for all steps after the first.
    private void Expect()
    {
        for (int use = 0; use < _expectedOfUse.Length; use++)
        {
            _expectedOfUse[use] = WorldDuties.ExpectedOwn(Plan, World, _sumStep, _rangeOfUse[use], Replica);
        }
    }

    private void Advance(long step, int attempt, bool[]? voidShards)
    {
        lock (_engine.Gate)
        {
            Array.Clear(_isAnnounced);
            _announced = 0;
            Array.Clear(_contributed);
            _auditSaid = step == _sumStep ? _auditSaid : default;
            Volatile.Write(ref _attempt, attempt);
            Volatile.Write(ref _sumStep, step);
            Volatile.Write(ref _voidShards, voidShards);
            if (step <= Plan.StateStep + 2)
            {
                Expect();
            }

            StartCounting();
            Monitor.PulseAll(_engine.Gate);
        }
    }

    // What is whole at once (an empty run of ranges, or a base that covers all) is found by looking at the sums.
    private void StartCounting()
    {
        _shardsLeft = Holding.Placement.Shards.Length;
        Array.Fill(_rangesLeft, _layers + 1);
        Array.Clear(_full);
        Array.Clear(_exchanged);
        foreach (int shard in Holding.Placement.Shards)
        {
            for (int layer = 0; layer <= _layers; layer++)
            {
                // What was not void was exchanged in the attempt before.
                _exchanged[(_placeOfShard[shard] * (_layers + 1)) + layer] = _voidShards is not null && !_voidShards[shard];
                Changed(layer, shard);
            }
        }
    }

    // Under the pair's gate: a sum of the range has grown.
    private void Changed(int layer, int shard)
    {
        int place = _placeOfShard[shard];
        int range = (place * (_layers + 1)) + layer;
        SumPieces held = Sums.Pieces(layer, shard);
        if (World.Replicas > 1 && !_exchanged[range] && RankRules.MayExchange(ExpectedOf(layer, shard), held))
        {
            _exchanged[range] = true;
            Enqueue(new Outgoing(OutgoingKind.Exchange, layer, shard, Step: _sumStep, Attempt: _attempt));
        }

        if (_full[range] || held.Total != _all)
        {
            return;
        }

        _full[range] = true;
        if (--_rangesLeft[place] == 0)
        {
            lock (_engine.Gate)
            {
                Volatile.Write(ref _shardsLeft, _shardsLeft - 1);
                if (_shardsLeft == 0)
                {
                    Monitor.PulseAll(_engine.Gate);
                }
            }
        }
    }
}

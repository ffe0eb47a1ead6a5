using Olmo.Actors.Checkpoints;
using Olmo.Actors.Collectives;
using Olmo.Actors.Drills;
using Olmo.Actors.ObjectStorage;
using Olmo.Actors.Runs;
using Olmo.Actors.Worlds;
using Olmo.Model.Models;
using Olmo.Model.Numerics;
using Olmo.Model.Optimization;
using Olmo.Model.State;
using Olmo.Model.Steps;
using Olmo.Model.Tensors;

namespace Olmo.Actors.Ranks;

/// <summary>
/// The engine of a rank in a world of rank processes. What outlives a generation is here: parameters, the run in work with its local sums, and what is held of state and
/// sums; what belongs to one generation is in <see cref="WorldGeneration"/>.
/// </summary>
/// <remarks>
/// Threads: the compute thread (steps, updates, everything that uses the device's own threads), one control thread at a time (<see cref="Prepare"/>, <see cref="Join"/>),
/// per generation a sending thread and the mesh's receive threads. While the compute thread is inside a step the control thread uses those only when that thread waits.
/// </remarks>
public sealed partial class WorldEngine : IWorldEngine
{
    private const int MostAttempts = 3;
    private readonly OlmoRankSettings _settings;
    private readonly TimeProvider _time;
    private readonly IComputeDevice _device;
    private readonly ITensorProvider _provider;
    private readonly ResidentWeights _weights;
    private readonly PretrainProgram _program;
    private readonly ParameterGroups _groups;
    private readonly StepLedger _ledger;
    private readonly RunInWork _run;
    private readonly StepGradient _gradient;
    private readonly GroupMask _all;
    private readonly long[] _sentBytes = new long[WorldMessageKind.Count + 4]; // sums by route behind the kinds
    private readonly List<(Holding Holding, SumPair Sums)> _former = [];
    private readonly List<(Holding Holding, SumPair Sums)> _dropped = [];
    private GradientAccumulator? _single;
    private WorldGeneration? _generation;
    private RankStanding _standing;
    private (long Step, long Generation, StepDecision Decision, ulong Digest) _applied; // step 0: none
    private ShardStage? _stage;
    private long _movedBytes;
    private bool _isDisposed;

    internal int RejectedBlocks;

    /// <summary>Takes the memory that every world needs; that of owned shards comes with the plan.</summary>
    /// <param name="rankId">This process's number in the run.</param>
    /// <param name="settings">What the run trains.</param>
    /// <param name="time">Clock.</param>
    /// <param name="probe">Sees the moments of a step; does nothing in production.</param>
    /// <param name="drill">Faults and guards; null: none, and all.</param>
    public WorldEngine(int rankId, OlmoRankSettings settings, TimeProvider time, IPhaseProbe probe, IDrill? drill = null)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(probe);
        RankId = rankId;
        _settings = settings;
        _time = time;
        Probe = probe;
        Drill = drill ?? NoDrill.Instance;
        _sections = new SectionClock(time);
        _setup = new SectionClock(time);
        _device = settings.OpenDevice();
        _provider = _device.Provider;
        NumericsId = _device.NumericsIdOf(settings.Step.SequencesPerPass);
        ParameterList parameters = new(settings.Config, settings.Step.PrecisionOf);
        _weights = new ResidentWeights(_provider, parameters);
        _program = new PretrainProgram(_provider, _weights, settings.Step);
        ParameterLayout layout = Parameters.Layout;
        _groups = ParameterGroups.Build([.. layout.Tensors.Select(t => t.Name)], settings.Step.Optimizer, settings.Step.GroupOverrides);
        ParameterSteps = new ParameterSteps(layout);
        Local = new GradientAccumulator(_provider, ShardPlacement.All(layout), settings.Step.Groups, isTouched: true) { LayerCompleted = OnLayerCompleted };
        _ledger = new StepLedger(settings.Step.Groups);
        _run = new RunInWork(layout.Layers);
        _gradient = new StepGradient(_provider);
        _all = GroupMask.All(settings.Step.Groups);
        FlopsPerToken = parameters.FlopsPerToken(settings.Step.SequenceLength);
    }

    /// <inheritdoc/>
    public event Action<long, MeshError>? WorldFailed;

    /// <summary>This process's number in the run.</summary>
    public int RankId { get; }

    /// <inheritdoc/>
    public RankStanding Standing
    {
        get
        {
            lock (Gate)
            {
                return _standing;
            }
        }
    }

    /// <inheritdoc/>
    public long Step => Interlocked.Read(ref _step);

    /// <inheritdoc/>
    public long TokensSeen => _generation?.Holding.State.Progress.Tokens ?? 0;

    /// <inheritdoc/>
    public double PeakFlops { get; private set; }

    /// <inheritdoc/>
    public int Ranks
    {
        get
        {
            lock (Gate)
            {
                return _generation?.World.Ranks ?? 1;
            }
        }
    }

    /// <inheritdoc/>
    public double FlopsPerToken { get; }

    /// <summary>Version of everything that decides bits on this rank.</summary>
    public string NumericsId { get; }

    /// <summary>Bytes that the compute thread and the device's allocated on the managed heap inside steps since the engine was made.</summary>
    public long AllocatedInSteps { get; private set; }

    /// <summary>Groups computed since the engine was made, and those of them that were recomputed one by one.</summary>
    public (long All, long Singles) ComputedGroups => (Interlocked.Read(ref _computedGroups), Interlocked.Read(ref _computedSingles));

    /// <summary>Bytes of state and of base sums that came from other ranks since the engine was made.</summary>
    public long MovedBytes => Interlocked.Read(ref _movedBytes);

    /// <summary>Blocks of state that were refused because their bytes do not have their checksum.</summary>
    public int BlocksRejected => Volatile.Read(ref RejectedBlocks);

    /// <summary>Bytes taken for joining that were not needed yet.</summary>
    internal long ReservedBytes => _device.ReservedBytes;

    /// <summary>What passes read.</summary>
    internal WorkingParameters Parameters => _program.Parameters;

    /// <summary>The layout of the state.</summary>
    internal ParameterLayout Layout => Parameters.Layout;

    internal object Gate { get; } = new(); // Monitor: threads wait on it

    /// <inheritdoc/>
    public long AppliedIn
    {
        get
        {
            lock (Gate)
            {
                return _applied.Step == Step ? _applied.Generation : 0;
            }
        }
    }

    internal string Run => _settings.Run;

    internal IPhaseProbe Probe { get; }

    internal IDrill Drill { get; }

    internal ProtocolRules Rules => Drill.Guards.Rules;

    internal GradientAccumulator Local { get; }

    internal ParameterSteps ParameterSteps { get; }

    /// <summary>The recipe's numbers for plans of this run.</summary>
    /// <param name="wantedRanks">Ranks that the run wants.</param>
    /// <param name="minRanks">Fewer do not train.</param>
    public WorldRecipe Recipe(int wantedRanks, int minRanks) =>
        new(wantedRanks, minRanks, _settings.Step.Replicas, _settings.Step.Groups, _settings.Step.Shards, Layout.Layers);

    /// <summary>Bytes sent since the engine was made: by the steps' kinds; state, base pieces and questions of recoveries are not among them.</summary>
    public RankTraffic Sent => new(
        Interlocked.Read(ref _sentBytes[WorldMessageKind.Count + (int)SumRoute.Contribution]),
        Interlocked.Read(ref _sentBytes[WorldMessageKind.Count + (int)SumRoute.Exchange]),
        Interlocked.Read(ref _sentBytes[WorldMessageKind.Announcements]),
        Interlocked.Read(ref _sentBytes[WorldMessageKind.Parameters]));

    /// <summary>Bytes held now; activations, gradients, what is held ahead for joining and what a change of the world has not freed yet left out; null before the first world.</summary>
    public RankMemory? Memory
    {
        get
        {
            lock (Gate)
            {
                return _generation is not { } generation
                    ? null
                    : new RankMemory(
                        Layout.Elements * sizeof(float),
                        generation.Holding.State.SizeBytes,
                        Local.SizeBytes,
                        generation.Sums.OwnIsLocal ? 0 : generation.Sums.Own.SizeBytes,
                        generation.Sums.Foreign?.SizeBytes ?? 0,
                        _gradient.SizeBytes,
                        _single?.SizeBytes ?? 0,
                        _stage?.SizeBytes ?? 0,
                        generation.BufferBytes);
            }
        }
    }

    /// <inheritdoc/>
    public void Form(WorldIdentity world, CheckpointManifest? manifest, IObjectStore store, CancellationToken abort)
    {
        ArgumentNullException.ThrowIfNull(world);
        FormationResult alone = WorldFormation.FromState(world.Generation, world.Timeline, Recipe(1, 1), [], [RankId], manifest);
        if (!Join(((FormationResult.Formed)alone).Plan, store, null, abort))
        {
            abort.ThrowIfCancellationRequested();
            throw new InvalidOperationException($"generation {world.Generation} was refused; {Standing.Promised} is promised");
        }
    }

    /// <inheritdoc/>
    /// <remarks>It also takes the memory of the state and of the sums that the rank will need in a world of <see cref="OlmoRankSettings.RanksAhead"/>.</remarks>
    public void WarmUp(CancellationToken abort)
    {
        PeakFlops = _settings.PeakFlops ?? MatrixPeak.Measure(_provider, _weights.Parameters.ActivationType, _time, abort);
        ReserveAhead();
    }

    /// <inheritdoc/>
    public FinishReport Finish(CancellationToken abort)
    {
        EnterUpdate(needsParameters: true, abort);
        try
        {
            (double loss, long tokens) = _settings.HeldOut is { } heldOut
                ? HeldOutEvaluation.Run(_provider, _weights, heldOut, _settings.HeldOutTokens, abort)
                : (double.NaN, 0);
            string folder = _settings.Export(_weights);
            return new FinishReport(WeightExport.Digest(new WorkingChunkSource(Parameters)), loss, tokens, folder);
        }
        finally
        {
            LeaveUpdate();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        Leave();
        ReleaseDropped();
        HashSet<IDisposable> held = [];
        foreach ((Holding holding, SumPair sums) in _former)
        {
            held.Add(holding);
            held.Add(sums);
        }

        if (_generation is { } generation)
        {
            generation.Owner.Dispose();
            held.Add(generation.Holding);
            held.Add(generation.Sums);
        }

        foreach (IDisposable one in held)
        {
            one.Dispose();
        }

        _abortRegistration.Dispose();
        _runAbort.Dispose();
        _stage?.Dispose();
        _single?.Dispose();
        _gradient.Dispose();
        Local.Dispose();
        _program.Dispose();
        _weights.Dispose();
        _device.Dispose();
    }

    internal ShardOwner OwnerOf(Holding holding, SumPair sums) => new(holding.State, sums.Own, sums.Foreign, _groups, _gradient);

    internal void Wake()
    {
        lock (Gate)
        {
            Monitor.PulseAll(Gate);
        }
    }

    internal void OnWorldFailed(WorldGeneration generation, MeshError error) => WorldFailed?.Invoke(generation.Number, error);

    internal void CountSent(ushort kind, SumRoute route, int bytes) => Interlocked.Add(ref _sentBytes[kind == WorldMessageKind.Sum ? WorldMessageKind.Count + (int)route : kind], bytes);

    internal void AddMovedBytes(int bytes) => Interlocked.Add(ref _movedBytes, bytes);

    private static void ImmutableShards(WorldGeneration generation, out int[] shards) =>
        shards = [.. generation.Holding.Placement.Shards.Where(s => s % generation.World.Replicas == generation.Replica)];

    /// <summary>Fault for tests: memory of a sum changes after the reduction.</summary>
    internal void FlipSumBit(bool inOwn = false, int bit = 0)
    {
        WorldGeneration generation = _generation!;
        (inOwn ? generation.Sums.Own : generation.Sums.Foreign ?? generation.Sums.Own).FlipBit(generation.Holding.Placement.Held[0], bit);
    }

    // Ends the generation in work without a report.
    private void Leave()
    {
        WorldGeneration? generation;
        lock (Gate)
        {
            generation = _generation;
            generation?.Promise();
            _joinAbort?.Cancel();
            Monitor.PulseAll(Gate);
        }

        generation?.Close();
    }
}

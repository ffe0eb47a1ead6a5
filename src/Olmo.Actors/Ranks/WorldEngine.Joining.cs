using System.Collections.Immutable;
using Olmo.Actors.Checkpoints;
using Olmo.Actors.Collectives;
using Olmo.Actors.ObjectStorage;
using Olmo.Actors.Worlds;
using Olmo.Model.Models;
using Olmo.Model.State;
using Olmo.Model.Steps;

namespace Olmo.Actors.Ranks;

/// <content>Carrying out a plan, on the control thread.</content>
public sealed partial class WorldEngine
{
    private CancellationTokenSource? _joinAbort;
    private bool _isJoining;
    private volatile bool _dropsRun;
    private bool _rolledForward;

    /// <inheritdoc/>
    public bool Join(GenerationPlan plan, IObjectStore store, MeshConnector? connect, CancellationToken abort)
    {
        ArgumentNullException.ThrowIfNull(plan);
        int self = plan.PositionOf(RankId);
        WorldPlan world = plan.World();
        if (self < 0 || world.ShardsOf(self).IsEmpty)
        {
            throw new ArgumentException($"The plan of generation {plan.Generation} gives rank {RankId} {(self < 0 ? "no place" : "no shard")} among {plan.Members.Length}.", nameof(plan));
        }

        WorldGeneration? former;
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(abort);
        using CancellationTokenRegistration woken = ended.Token.UnsafeRegister(static engine => ((WorldEngine)engine!).Wake(), this);
        lock (Gate)
        {
            if (!RankRules.MayTakePlan(_standing, plan.Generation, Rules))
            {
                return false;
            }

            _standing = new RankStanding(plan.Generation, Math.Max(plan.Generation, _standing.Promised));
            former = _generation;
            former?.Promise();
            Monitor.PulseAll(Gate);
        }

        former?.Close();
        lock (Gate)
        {
            while (_isUpdating)
            {
                Monitor.Wait(Gate);
            }

            _isJoining = true;
            _joinAbort = ended;
        }

        _setup.Enter(RankSection.Setup, plan.StateStep);
        try
        {
            return Take(plan, world, self, store, connect, ended.Token);
        }
        catch (MeshException)
        {
            // The mesh's error was told; what came until then counts in the next report.
            return false;
        }
        catch (OperationCanceledException) when (!abort.IsCancellationRequested)
        {
            return false;
        }
        finally
        {
            _setup.Leave();
            lock (Gate)
            {
                _isJoining = false;
                _joinAbort = null;
                Monitor.PulseAll(Gate);
            }
        }
    }

    /// <inheritdoc/>
    public JoinReport LastJoin { get; private set; } = JoinReport.None;

    private bool Take(GenerationPlan plan, WorldPlan world, int self, IObjectStore store, MeshConnector? connect, CancellationToken ended)
    {
        LastJoin = JoinReport.None;
        long began = _time.GetTimestamp();
        long moved = MovedBytes;
        _rolledForward = false;
        SortedDictionary<int, (Holding Holding, SumPair Sums)> sources = plan.Source == StateSource.Survivors ? Sources() : [];
        RollForward(plan, sources, ended);
        bool loads = plan.Source != StateSource.Survivors;
        if (!Rules.GatherAnew && !loads && ParameterSteps.IsAnySet)
        {
            ParameterSteps.SetAll(plan.StateStep); // a drill without rule 15 takes whatever an aborted gather left
        }

        if (loads || !RankRules.KeepsRun(plan.Deals[self], _run.Mask, Rules) || RankRules.MustGather(plan, ParameterSteps.Step))
        {
            DropRun(ended);
        }

        Holding holding = loads ? Load(plan, world, self, store, ended) : HoldingFor(plan, world, self, sources);
        bool usesLocal = WorldGeneration.FirstStepUsesLocal(plan, world, self);
        bool hasForeign = world.Replicas > 1 || plan.Bases.Any(b => !b.IsEmpty);
        SumPair sums = new(_provider, holding.Placement, plan.Recipe.Groups, Local, _run, usesLocal, hasForeign);
        int[] baseLeft = TakeBase(plan, sources, holding, sums);
        WorldGeneration generation = new(this, plan, world, self, holding, sums, baseLeft);
        lock (Gate)
        {
            if (_generation is { } former)
            {
                former.Owner.Dispose();
                _former.Insert(0, (former.Holding, former.Sums));
                if (loads || RankRules.MayDropMoved(sawFullSetOfThisGeneration: false, Rules))
                {
                    _dropped.AddRange(_former);
                    _former.Clear();
                }
            }

            _generation = generation;
            Interlocked.Exchange(ref _step, plan.StateStep);
            if (_standing.IsPromised)
            {
                generation.Promise();
            }
        }

        ReleaseDropped();
        long taken = _time.GetTimestamp();
        generation.Start(plan.Members.Length > 1 ? (connect ?? throw new ArgumentNullException(nameof(connect)))(plan, self, generation, ended) : null);
        long connected = _time.GetTimestamp();
        lock (Gate)
        {
            _dropsRun = false;
            for (int layer = 0; layer <= Layout.Layers; layer++)
            {
                if (_run.Step == generation.SumStep && _run.Final[layer])
                {
                    generation.Contribute(layer);
                }
            }

            Monitor.PulseAll(Gate);
        }

        GiveBase(plan, sources, generation);
        bool isWhole = generation.Complete(sources.Count == 0 || RankRules.MustGather(plan, ParameterSteps.Step), ended);
        LastJoin = new JoinReport(
            TimeSpan.Zero, _time.GetElapsedTime(began, taken), _time.GetElapsedTime(taken, connected), _time.GetElapsedTime(connected), MovedBytes - moved, _rolledForward);
        return isWhole;
    }

    // What a joiner takes when it is named: state, and the sums of its replica and of the others. Which shards it will own it does not know, but all positions have about as many.
    private void ReserveAhead()
    {
        if (_settings.RanksAhead < 1)
        {
            return;
        }

        WorldPlan world = new(_settings.RanksAhead, _settings.Step.Replicas, _settings.Step.Groups, _settings.Step.Shards);
        int widest = 0;
        for (int position = 1; position < world.Ranks; position++)
        {
            widest = world.ShardsOf(position).Length > world.ShardsOf(widest).Length ? position : widest;
        }

        ShardPlacement placement = world.ShardsOf(widest).Length == Layout.Shards ? Local.Placement : new ShardPlacement(Layout, world.ShardsOf(widest));
        long sums = GradientAccumulator.SizeOf(placement);
        _device.Reserve(TrainingState.SizeOf(placement));
        _device.Reserve(sums); // of its replica, in the first step after it joined
        if (world.Replicas > 1)
        {
            _device.Reserve(sums);
        }

        _device.Reserve(GradientAccumulator.SizeOf(Local.Placement)); // of a group that it computes for the one who died
    }

    // Rule 10: a survivor applied m, so whoever holds the whole sum of m applies it too, before anything else.
    private void RollForward(GenerationPlan plan, SortedDictionary<int, (Holding Holding, SumPair Sums)> sources, CancellationToken ended)
    {
        if (plan.Source != StateSource.Survivors || _generation is not { } former || former.Holding.Step != plan.StateStep - 1
            || !former.Holding.Placement.Shards.All(s =>
                former.Holding.IsVerified(s) && RankRules.TaskOf(plan, RankId, s, false, former.Holding.Step, former.Sums.IsWhole(s, _all), Rules) == ShardTask.RollForward))
        {
            return;
        }

        _rolledForward = true;
        AwaitParked(ended);
        Carry(plan, former.Holding, former.Owner, plan.StateStep, plan.RollForward!.Decision);
        lock (Gate)
        {
            AppliedStep applied = plan.RollForward;
            _applied = (applied.Step, applied.Generation, applied.Decision, applied.AnnouncementsDigest);
            _run.Drop();
            _dropped.AddRange(_former);
            _former.Clear();
        }

        former.Sums.Reset();
        foreach (int shard in former.Holding.Placement.Shards)
        {
            sources[shard] = (former.Holding, former.Sums);
        }
    }

    // The run in work is not wanted any more, or its parameters are about to change.
    private void DropRun(CancellationToken ended)
    {
        lock (Gate)
        {
            _dropsRun = true;
            _runAbort.Cancel();
        }

        AwaitParked(ended);
        lock (Gate)
        {
            _run.Drop();
            if (!_abort.IsCancellationRequested)
            {
                _runAbort.Dispose();
                _runAbort = new CancellationTokenSource();
            }
        }
    }

    // The compute thread uses neither device nor parameters until the next generation is there.
    private void AwaitParked(CancellationToken ended)
    {
        lock (Gate)
        {
            while (_inStep && !_isParked)
            {
                ended.ThrowIfCancellationRequested();
                Monitor.Wait(Gate);
            }
        }
    }

    private Holding HoldingFor(GenerationPlan plan, WorldPlan world, int self, SortedDictionary<int, (Holding Holding, SumPair Sums)> sources)
    {
        ImmutableArray<int> shards = world.ShardsOf(self);
        Holding? same = null;
        lock (Gate)
        {
            foreach ((Holding held, _) in Held())
            {
                same ??= held.Step == plan.StateStep && held.Placement.Shards.AsSpan().SequenceEqual(shards.AsSpan()) ? held : null;
            }
        }

        // What a former world left unfinished at this very step goes on where it stopped.
        Holding holding = same ?? new Holding(
            TrainingState.Unfilled(
                shards.Length == Layout.Shards ? Local.Placement : new ShardPlacement(Layout, shards), Parameters,
                new RunProgress(_settings.Step.Decision.SkipStep?.Window ?? 0)),
            plan.StateStep);
        foreach (int shard in shards)
        {
            if (plan.MoveOf(shard, RankId) is not null)
            {
                // A rank that was left out of a world holds what nobody counts on; what is half there is verified by its donor's digest.
                lock (Gate)
                {
                    if (holding.IsVerified(shard))
                    {
                        holding.Forget(shard);
                    }
                }

                continue;
            }

            if (holding.IsVerified(shard) || !sources.TryGetValue(shard, out (Holding Holding, SumPair Sums) source) || source.Holding.Step != plan.StateStep)
            {
                continue;
            }

            TrainingState from = source.Holding.State;
            if (holding.State.Progress.Step != plan.StateStep)
            {
                holding.State.Progress.Restore(from.Progress.ToBytes());
            }

            ulong digest = 0;
            for (int k = 0; k < Layout.ChunksOfShard(shard); k++)
            {
                int chunk = Layout.ChunkOfShard(shard, k);
                holding.State.CopyChunk(from, chunk);
                digest += holding.State.RefreshDigest(chunk);
            }

            if (digest != from.DigestOf(shard) && Drill.Guards.StateDigest)
            {
                throw new SumDigestMismatchException($"State of shard {shard} after step {plan.StateStep}, copied here", from.DigestOf(shard), digest);
            }

            lock (Gate)
            {
                for (int k = 0; k < Layout.ChunksOfShard(shard); k++)
                {
                    holding.Took(Layout.ChunkOfShard(shard, k));
                }

                holding.Verify(shard);
            }
        }

        return holding;
    }

    private Holding Load(GenerationPlan plan, WorldPlan world, int self, IObjectStore store, CancellationToken ended)
    {
        AwaitParked(ended);
        ImmutableArray<int> shards = world.ShardsOf(self);
        ShardPlacement placement = shards.Length == Layout.Shards ? Local.Placement : new ShardPlacement(Layout, shards);
        RunProgress progress = new(_settings.Step.Decision.SkipStep?.Window ?? 0);
        if (plan.Manifest is null)
        {
            Action<ResidentWeights> fill = _settings.InitialWeights ?? (weights => Initialisation.Draw(weights, _settings.Seed));
            fill(_weights);
        }

        TrainingState state = placement.IsWhole
            ? TrainingState.OverWorkingParameters(Parameters, progress)
            : TrainingState.CopyOf(placement, Parameters, progress);
        Holding holding = new(state, plan.StateStep);
        if (plan.Manifest is { } manifest)
        {
            Read(manifest, state, store, ended);
        }

        lock (Gate)
        {
            holding.VerifyAll();
            _applied = default;
            if (plan.Manifest is null || placement.IsWhole)
            {
                ParameterSteps.SetAll(plan.StateStep);
            }
            else
            {
                // The others' shards are in their owners' files: they are gathered.
                ParameterSteps.SetAll(-1);
            }
        }

        return holding;
    }

    private void Read(CheckpointManifest manifest, TrainingState state, IObjectStore store, CancellationToken ended)
    {
        ShardLoader loader = new(state);
        bool sameShards = manifest.Shards.Count == Layout.Shards;
        foreach (ShardEntry entry in manifest.Shards)
        {
            ended.ThrowIfCancellationRequested();
            SetupProgresses();
            if (sameShards && !state.Placement.Holds(entry.Shard))
            {
                continue;
            }

            try
            {
                using Stream stream = store.OpenRead(entry.Name);
                loader.Read(stream, entry.Name, entry.Sha256);
            }
            catch (ShardDigestMismatchException) when (!Drill.Guards.FileDigest)
            {
                // A drill shows what comes of bytes that are not those of the manifest.
            }
            catch (Exception e) when (e is IOException or InvalidDataException or ShardDigestMismatchException or ShardFormatException)
            {
                throw new CheckpointUnreadableException(manifest.Step, entry.Name, e.Message, e);
            }
        }

        loader.Complete(Convert.FromBase64String(manifest.RunState));
        if (state.Progress.Step != manifest.Step)
        {
            throw new CheckpointUnreadableException(manifest.Step, manifest.Shards[0].Name, $"its state is that of step {state.Progress.Step}");
        }
    }

    // Base pieces that are here already; the others are counted. Rule 11: exactly these, and nothing else of the old sums.
    private int[] TakeBase(GenerationPlan plan, SortedDictionary<int, (Holding Holding, SumPair Sums)> sources, Holding holding, SumPair sums)
    {
        int[] left = new int[Layout.Shards];
        foreach (int shard in holding.Placement.Shards)
        {
            // What the plan moves here it sends as a whole: nobody counts on what is held of it.
            SumPair? from = plan.MoveOf(shard, RankId) is null && sources.TryGetValue(shard, out (Holding Holding, SumPair Sums) source) ? source.Sums : null;
            for (int layer = 0; layer <= Layout.Layers; layer++)
            {
                RangePlan range = plan.RangeOf(layer, shard);
                SumPieces held = from?.Pieces(layer, shard) ?? default;
                foreach (BasePiece piece in range.Base)
                {
                    if (piece.Receivers.Contains(RankId))
                    {
                        left[shard]++;
                    }
                    else if (held.Own != piece.Groups && held.Foreign != piece.Groups)
                    {
                        throw new InvalidDataException(
                            $"the plan of generation {plan.Generation} takes groups {piece.Groups} of layer {layer}, shard {shard} from here, where {held.Own} and {held.Foreign} are held");
                    }
                }

                KeptPieces kept = RankRules.KeptOf(range, held, Rules);
                if (kept.Own)
                {
                    sums.Foreign?.Add(from!.Own, layer, shard);
                }

                if (kept.Foreign)
                {
                    sums.Foreign?.Add(from!.Foreign!, layer, shard);
                }
            }
        }

        return left;
    }

    private void GiveBase(GenerationPlan plan, SortedDictionary<int, (Holding Holding, SumPair Sums)> sources, WorldGeneration generation)
    {
        byte[]? frame = null;
        foreach ((int shard, (_, SumPair sums)) in sources)
        {
            for (int layer = 0; layer <= Layout.Layers; layer++)
            {
                foreach (BasePiece piece in plan.RangeOf(layer, shard).Base)
                {
                    if (piece.Holder != RankId || piece.Receivers.IsEmpty)
                    {
                        continue;
                    }

                    StepIdentity id = new(Run, plan.Timeline, plan.Generation, plan.StateStep + 1, 0);
                    frame ??= new byte[SumFrame.MostBytes(Layout, Run, plan.Recipe.Groups)];
                    int length = sums.Of(piece.Kind).WriteFrame(layer, shard, id, frame);
                    foreach (int receiver in piece.Receivers)
                    {
                        generation.GiveBase(plan.PositionOf(receiver), layer, shard, frame.AsSpan(0, length));
                    }
                }
            }
        }
    }
}

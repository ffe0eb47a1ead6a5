using Olmo.Actors.Collectives;
using Olmo.Actors.ObjectStorage;
using Olmo.Actors.Worlds;
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
}

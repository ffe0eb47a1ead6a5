using Olmo.Model.Optimization;
using Olmo.Model.State;
using Olmo.Model.Tensors;

namespace Olmo.Model.Steps;

/// <summary>
/// A rank as the owner of shards: announces their sums when every range holds all groups, and applies the update in place. Nothing here allocates in a step.
/// </summary>
public sealed class ShardOwner : IDisposable
{
    private readonly GradientAccumulator _own;
    private readonly GradientAccumulator? _foreign;
    private readonly StepGradient? _gradient;
    private readonly ParameterGroups _groups;
    private readonly AdamWStep[] _scalars;
    private readonly BufferSet _memory;
    private readonly Tensor _digests;
    private readonly Tensor _squares;
    private readonly long[] _digestOfHeld;
    private readonly double[] _squaresOfHeld;
    private readonly ulong[] _union;

    /// <summary>Binds state and sums.</summary>
    /// <param name="state">Parameters and moments of the owned shards.</param>
    /// <param name="own">
    /// Sums of this rank's own replica, of the owned shards. In a world of one rank it is the accumulator that the rank's groups are added to.
    /// </param>
    /// <param name="foreign">Sums of the other replicas, kept apart so that only the own part is ever sent (rule 2); null with one replica.</param>
    /// <param name="groups">Optimizer settings of each tensor, by layout index.</param>
    /// <param name="gradient">Memory of the caller for the gradient between announcement and update; used where there are foreign sums. Null: both parts are added again for the update.</param>
    /// <exception cref="ArgumentException">The accumulators have another layout or number of groups, or other shards.</exception>
    public ShardOwner(TrainingState state, GradientAccumulator own, GradientAccumulator? foreign, ParameterGroups groups, StepGradient? gradient = null)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(own);
        ArgumentNullException.ThrowIfNull(groups);
        ThrowIfUnfit(state, own, own.Groups);
        ThrowIfUnfit(state, foreign ?? own, own.Groups);
        State = state;
        _own = own;
        _foreign = foreign;
        _gradient = foreign is null ? null : gradient;
        _groups = groups;
        _scalars = new AdamWStep[groups.Groups.Length];
        int held = state.Placement.Held.Length;
        BufferPlan plan = new();
        TensorSlot digests = plan.Add("digests of sums", DType.I64, new Shape(held));
        TensorSlot squares = plan.Add("squares of sums", DType.F64, new Shape(held));
        _memory = state.Provider.Allocate(plan);
        (_digests, _squares) = (_memory[digests], _memory[squares]);
        _digestOfHeld = new long[held];
        _squaresOfHeld = new double[held];
        _union = new ulong[GroupSet.WordsFor(own.Groups)];
    }

    /// <summary>The state that it updates.</summary>
    public TrainingState State { get; }

    /// <summary>Announcements that <see cref="Announce"/> writes: shards owned.</summary>
    public int Count => State.Placement.Shards.Length;

    /// <summary>True if every range of every owned shard, the scalars too, holds all groups.</summary>
    public bool IsComplete
    {
        get
        {
            foreach (int shard in State.Placement.Shards)
            {
                for (int layer = 0; layer <= State.Layout.Layers; layer++)
                {
                    if (!Covers(layer, shard))
                    {
                        return false;
                    }
                }
            }

            return true;
        }
    }

    /// <summary>True if every range of an owned shard, the scalars too, holds all groups.</summary>
    public bool IsShardComplete(int shard)
    {
        for (int layer = 0; layer <= State.Layout.Layers; layer++)
        {
            if (!Covers(layer, shard))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Writes one announcement per owned shard, in shard order.</summary>
    /// <param name="id">The attempt.</param>
    /// <param name="replica">Replica of this rank.</param>
    /// <param name="destination">One for each owned shard.</param>
    /// <param name="throwOnMismatch">False: a sum without its digest is announced as not intact, so that every rank finds it void.</param>
    /// <exception cref="InvalidOperationException">A range does not hold all groups.</exception>
    /// <exception cref="OverlappingGroupsException">Own and foreign sums of a range share a group.</exception>
    /// <exception cref="SumDigestMismatchException">A sum differs from what its contributions announced: memory or addition is at fault.</exception>
    public void Announce(in StepIdentity id, int replica, Span<Announcement> destination, bool throwOnMismatch = true)
    {
        if (!IsComplete)
        {
            throw new InvalidOperationException($"The sums of {id} do not hold all groups yet.");
        }

        State.Provider.Measure(_own.Sums, ForeignSums, _own.Ranges, _digests, _squares, _gradient is null ? default : _gradient.Begin(this, Versions));
        State.Provider.Read(_digests, _digestOfHeld.AsSpan());
        State.Provider.Read(_squares, _squaresOfHeld.AsSpan());
        int at = 0;
        foreach (int shard in State.Placement.Shards)
        {
            destination[at++] = OfShard(id, replica, shard, throwOnMismatch);
        }
    }

    /// <summary>
    /// Carries out a decision that ends the step: applies the update in place where it says so, and counts the step as done. It is never interrupted; after an exception
    /// the state is not to be used.
    /// </summary>
    /// <param name="decision">With <see cref="StepDecision.IsDone"/>.</param>
    /// <param name="settings">The recipe's step.</param>
    /// <param name="step">Number of the step, for the report.</param>
    /// <param name="batch">Number of its batch in the order of the data.</param>
    /// <param name="groups">Groups that this rank ran, for the report.</param>
    /// <param name="batchHash">Hash of them, for the report.</param>
    /// <exception cref="ArgumentException">The decision does not end the step, or another step is due.</exception>
    public StepReport CarryOut(in StepDecision decision, StepSettings settings, long step, long batch, int groups, BatchHash batchHash)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (!decision.IsDone || step != State.Progress.Step + 1)
        {
            throw new ArgumentException($"The outcome {decision.Outcome} (shard {decision.Shard}) of step {step} cannot follow the state of step {State.Progress.Step}.", nameof(decision));
        }

        double position = settings.ScheduleUnit == ScheduleUnit.Steps ? step : State.Progress.Tokens + settings.TokensPerBatch;
        double rate = settings.Schedule.RateAt(settings.Optimizer.PeakLearningRate, position);
        bool applied = decision.Outcome == StepOutcome.Apply;
        if (applied)
        {
            for (int g = 0; g < _groups.Groups.Length; g++)
            {
                Prepare(g, settings.Schedule.RateAt(_groups.Groups[g].Settings.PeakLearningRate, position), decision.ClipFactor);
            }

            Apply();
        }

        StepSamples samples = new(batch, decision.Loss.Sequences, (ulong)decision.Loss.TokenHash);
        State.Progress.Complete(settings.TokensPerBatch, StepGuard.EffectOf(decision.Outcome, settings.Decision), decision.Loss.MeanCrossEntropy, decision.Norm, samples);
        return new StepReport(
            step, decision.Outcome, decision.Loss.MeanCrossEntropy, decision.Loss.MeanZLoss, decision.Norm, rate, decision.ClipFactor, decision.Loss.Labels,
            decision.Loss.Tokens, groups, batchHash, samples);
    }

    /// <summary>Forms the scalars of a parameter group's update; called for each group before the update.</summary>
    private void Prepare(int group, double learningRate, double clip) =>
        _scalars[group] = AdamWScalars.Of(_groups.Groups[group].Settings, learningRate, clip, State.Progress.Updates + 1);

    /// <summary>
    /// Applies AdamW to every owned chunk with the scalars prepared. It is never interrupted: whoever fails inside it must give up the whole state.
    /// </summary>
    private void Apply()
    {
        (Tensor own, Tensor foreign) = _gradient is not null && _gradient.TryGet(this, Versions, out Tensor measured) ? (measured, default) : (_own.Sums, ForeignSums);
        for (int t = 0; t < State.Layout.Tensors.Length; t++)
        {
            State.Update(t, _scalars[_groups.GroupOf(t)], own, foreign);
        }
    }

    /// <summary>Frees the scratch memory; state and accumulators stay.</summary>
    public void Dispose() => _memory.Dispose();

    private (long Own, long Foreign) Versions => (_own.Version, _foreign?.Version ?? 0);

    private Tensor ForeignSums => _foreign is null ? default : _foreign.Sums;

    private static void ThrowIfUnfit(TrainingState state, GradientAccumulator sums, int groups)
    {
        if (!string.Equals(sums.Layout.Hash, state.Layout.Hash, StringComparison.Ordinal) || sums.Groups != groups)
        {
            throw new ArgumentException($"The accumulator has layout {sums.Layout.Hash} and {sums.Groups} groups; needed are {state.Layout.Hash} and {groups}.");
        }

        if (!sums.Placement.Shards.AsSpan().SequenceEqual(state.Placement.Shards.AsSpan()))
        {
            throw new ArgumentException(
                $"The accumulator sums the shards {string.Join(',', sums.Placement.Shards)}; owned are {string.Join(',', state.Placement.Shards)}.");
        }
    }

    private bool Covers(int layer, int shard)
    {
        GroupSet own = _own.GroupsOf(layer, shard);
        if (_foreign is null)
        {
            return own.IsFull;
        }

        GroupSet foreign = _foreign.GroupsOf(layer, shard);
        if (own.Overlaps(foreign))
        {
            throw new OverlappingGroupsException(layer, shard, own.ToString(), foreign.ToString());
        }

        Array.Clear(_union);
        GroupSet all = new(_union, own.Groups);
        all.UnionWith(own);
        all.UnionWith(foreign);
        return all.IsFull;
    }

    private Announcement OfShard(in StepIdentity id, int replica, int shard, bool throwOnMismatch)
    {
        double squares = 0.0;
        ulong digest = 0;
        for (int k = 0; k < State.Layout.ChunksOfShard(shard); k++)
        {
            int held = State.Placement.IndexOf(State.Layout.ChunkOfShard(shard, k));
            squares += _squaresOfHeld[held];
            digest += (ulong)_digestOfHeld[held];
        }

        ulong foreign = 0;
        bool known = _own.TryGetContributedDigest(shard, out ulong expected) && (_foreign is null || _foreign.TryGetContributedDigest(shard, out foreign));
        bool intact = !known || expected + foreign == digest;
        if (!intact && throwOnMismatch)
        {
            throw new SumDigestMismatchException($"Shard {shard} of {id}", expected + foreign, digest);
        }

        LossParts loss = _own.LossOf(shard) + (_foreign?.LossOf(shard) ?? default);
        bool finite = _own.IsShardValid(shard) && (_foreign?.IsShardValid(shard) ?? true);
        return new Announcement(id, shard, replica, squares, digest, State.DigestOf(shard), loss, finite, intact, State.Progress.Digest);
    }
}

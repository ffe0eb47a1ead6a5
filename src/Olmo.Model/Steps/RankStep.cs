using Olmo.Model.Optimization;
using Olmo.Model.State;

namespace Olmo.Model.Steps;

/// <summary>
/// The step of a rank, driven by its compute thread: begin, run groups, announce, decide, finish. Sums travel between announce and the groups where a world has
/// more than one rank; nothing here knows how. In the steady state no call allocates on the managed heap.
/// </summary>
public sealed class RankStep : IDisposable
{
    private readonly StepSettings _settings;
    private readonly IStepProgram _program;
    private readonly ParameterGroups _groups;
    private readonly StepGradient _gradient;
    private readonly Announcement[] _announcements;
    private readonly StepLedger _ledger;
    private StepIdentity _id;
    private long _globalLabels;
    private Phase _phase = Phase.Idle;

    /// <summary>A rank of a world of <paramref name="replicas"/> replicas.</summary>
    /// <param name="settings">The recipe's step; validated here.</param>
    /// <param name="program">What a group computes.</param>
    /// <param name="state">The shards that this rank owns.</param>
    /// <param name="replica">Replica that this rank belongs to.</param>
    /// <param name="replicas">Replicas of the world.</param>
    /// <exception cref="ArgumentException">Program and state have different layouts, or the settings' S or types are not the layout's.</exception>
    public RankStep(StepSettings settings, IStepProgram program, TrainingState state, int replica, int replicas)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(program);
        ArgumentNullException.ThrowIfNull(state);
        settings.Validate();
        if (program.Parameters.Layout.Hash != state.Layout.Hash || state.Layout.Shards != settings.Shards)
        {
            throw new ArgumentException(
                $"The program's layout is {program.Parameters.Layout.Hash}, the state's {state.Layout.Hash} with {state.Layout.Shards} shards; "
                + $"the settings have {settings.Shards} shards.");
        }

        foreach (ParameterSlot slot in state.Layout.Tensors)
        {
            if (settings.PrecisionOf(slot.Name) != slot.Tensor.Precision)
            {
                throw new ArgumentException($"The settings say {settings.PrecisionOf(slot.Name)} for '{slot.Name}'; its tensor has {slot.Tensor.Precision}.", nameof(settings));
            }
        }

        _settings = settings;
        _program = program;
        Replica = replica;
        Replicas = replicas;
        _groups = ParameterGroups.Build([.. state.Layout.Tensors.Select(t => t.Name)], settings.Optimizer, settings.GroupOverrides);
        Local = new GradientAccumulator(state.Provider, ShardPlacement.All(state.Layout), settings.Groups);
        bool alone = replicas == 1 && state.Placement.IsWhole;
        Own = alone ? Local : new GradientAccumulator(state.Provider, state.Placement, settings.Groups);
        Foreign = replicas == 1 ? null : new GradientAccumulator(state.Provider, state.Placement, settings.Groups);
        _gradient = new StepGradient(state.Provider);
        Owner = new ShardOwner(state, Own, Foreign, _groups, _gradient);
        _announcements = new Announcement[Owner.Count];
        _ledger = new StepLedger(settings.Groups);
    }

    private enum Phase
    {
        Idle,
        Running,
        Announced,
    }

    /// <summary>A world of one rank, which owns every shard; the program's parameters are the master parameters.</summary>
    public static RankStep Alone(StepSettings settings, IStepProgram program, TrainingState state) => new(settings, program, state, replica: 0, replicas: 1);

    /// <summary>Replica that this rank belongs to.</summary>
    public int Replica { get; }

    /// <summary>Replicas of the world.</summary>
    public int Replicas { get; }

    /// <summary>The state of the owned shards.</summary>
    public TrainingState State => Owner.State;

    /// <summary>Sums of the groups that this rank ran, for every shard. Kept until the next <see cref="Begin"/> (rule 3).</summary>
    public GradientAccumulator Local { get; }

    /// <summary>Sums, for the owned shards, of what this rank's replica contributed; the same object as <see cref="Local"/> in a world of one.</summary>
    public GradientAccumulator Own { get; }

    /// <summary>Sums of the other replicas; null with one replica.</summary>
    public GradientAccumulator? Foreign { get; }

    /// <summary>The rank as an owner.</summary>
    public ShardOwner Owner { get; }

    /// <summary>The attempt in work, or the last one.</summary>
    public StepIdentity Id => _id;

    /// <summary>SHA-256 of a group's token ids, if this rank ran it in this step.</summary>
    public BatchHash? HashOfGroup(int group) => _ledger.OfGroup(group);

    /// <summary>Position of the learning-rate schedule for the step in work.</summary>
    public double SchedulePosition => _settings.ScheduleUnit == ScheduleUnit.Steps
        ? State.Progress.Step + 1
        : State.Progress.Tokens + _settings.TokensPerBatch;

    /// <summary>Starts an attempt; the sums of the one before are dropped.</summary>
    /// <param name="id">The attempt; its step must follow the last one done.</param>
    /// <param name="globalLabels">Labels of the global batch: the divisor of the loss. 0 is taken as 1.</param>
    /// <exception cref="ArgumentException">Another step is due.</exception>
    public void Begin(in StepIdentity id, long globalLabels)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(globalLabels);
        if (id.Step != State.Progress.Step + 1)
        {
            throw new ArgumentException($"Step {id.Step} was to begin; the state is that after step {State.Progress.Step}.", nameof(id));
        }

        _id = id;
        _globalLabels = Math.Max(globalLabels, 1);
        Local.Reset();
        if (!ReferenceEquals(Own, Local))
        {
            Own.Reset();
        }

        Foreign?.Reset();
        _ledger.Clear();
        _phase = Phase.Running;
    }

    /// <summary>Computes one group and adds it to <see cref="Local"/>.</summary>
    /// <returns>False if it was aborted; the sums then are as before.</returns>
    /// <exception cref="OverlappingGroupsException">The group was run already.</exception>
    /// <exception cref="ArgumentException">The batch has another shape than the settings say.</exception>
    public bool RunGroup(GroupBatch batch, CancellationToken abort)
    {
        ArgumentNullException.ThrowIfNull(batch);
        Require(Phase.Running, "run a group");
        if (batch.Sequences != _settings.SequencesPerGroup || batch.SequenceLength != _settings.SequenceLength)
        {
            throw new ArgumentException(
                $"Group {batch.Group} has {batch.Sequences} sequences of {batch.SequenceLength} tokens; "
                + $"the settings say {_settings.SequencesPerGroup} of {_settings.SequenceLength}.",
                nameof(batch));
        }

        Local.BeginGroup(batch.Group);
        if (!_program.RunGroup(batch, _globalLabels, Local, out GroupLoss loss, abort))
        {
            Local.AbandonGroup();
            return false;
        }

        LossParts parts = LossParts.OfGroup(loss, _globalLabels, _settings.Groups, out bool valid);
        Local.EndGroup(parts, valid);
        _ledger.Note(batch);
        return true;
    }

    /// <summary>Announces the owned shards, whose sums must hold all groups. The span lives until the next call.</summary>
    /// <exception cref="InvalidOperationException">A sum is not whole.</exception>
    public ReadOnlySpan<Announcement> Announce()
    {
        Require(Phase.Running, "announce");
        Owner.Announce(_id, Replica, _announcements);
        _phase = Phase.Announced;
        return _announcements;
    }

    /// <summary>The outcome, from the announcements of all owners of all shards. A pure function of them and of the replicated state.</summary>
    public StepDecision Decide(ReadOnlySpan<Announcement> announcements) =>
        StepDecision.From(announcements, State.Layout.Shards, Replicas, _settings.Decision, State.Progress.Guard);

    /// <summary>
    /// Carries out a decision: applies the update in place where it says so, and counts the step as done. It is never interrupted; after an exception the state
    /// is not to be used.
    /// </summary>
    /// <exception cref="ArgumentException">The decision does not end the step: <see cref="StepDecision.IsDone"/>.</exception>
    public StepReport Finish(in StepDecision decision)
    {
        Require(Phase.Announced, "finish");
        if (!decision.IsDone)
        {
            throw new ArgumentException($"The outcome {decision.Outcome} (shard {decision.Shard}) does not end {_id}.", nameof(decision));
        }

        StepReport report = Owner.CarryOut(decision, _settings, _id.Step, _id.Step, _ledger.Count, _ledger.OfAll());
        _phase = Phase.Idle;
        return report;
    }

    /// <summary>Gives up the attempt; the state stays that of the last step done.</summary>
    public void Abandon() => _phase = Phase.Idle;

    /// <summary>Frees sums and scratch memory; state and program stay.</summary>
    public void Dispose()
    {
        Owner.Dispose();
        _gradient.Dispose();
        Foreign?.Dispose();
        if (!ReferenceEquals(Own, Local))
        {
            Own.Dispose();
        }

        Local.Dispose();
    }

    private void Require(Phase phase, string what)
    {
        if (_phase != phase)
        {
            throw new InvalidOperationException($"A rank cannot {what} while its step is {_phase} (last attempt: {_id}).");
        }
    }
}

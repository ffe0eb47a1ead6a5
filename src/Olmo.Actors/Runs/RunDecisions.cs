using System.Collections.Immutable;
using Olmo.Actors.Ranks;
using Olmo.Actors.Worlds;
using Olmo.Data.Instances;

namespace Olmo.Actors.Runs;

/// <summary>What a run's command leads to: events to journal, and the sentence that explains them.</summary>
public sealed record RunDecision(ImmutableList<RunEvent> Events, string Reason);

/// <summary>The decisions of a run: pure functions of (state, command, now), used by the actor, the simulator and replay alike.</summary>
public static class RunDecisions
{
    /// <summary>A recipe meets the journal: create the run, go on, open a new timeline where that was asked for, or refuse.</summary>
    /// <param name="state">The run as its journal has it.</param>
    /// <param name="recipe">The run that the recipe describes.</param>
    /// <param name="acceptNewTimeline">Whether changed numeric keys open a new timeline instead of an error.</param>
    /// <param name="lastCommittedStep">Step of the newest committed checkpoint; 0 if there is none.</param>
    public static RunDecision Open(RunState state, RunCreated recipe, bool acceptNewTimeline, long lastCommittedStep)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(recipe);
        if (state.Created is not { } created)
        {
            return new([recipe], $"run '{recipe.Run}' is new");
        }

        if (created.LayoutHash != recipe.LayoutHash || created.DataFingerprint != recipe.DataFingerprint)
        {
            string what = created.LayoutHash != recipe.LayoutHash ? $"layout {created.LayoutHash} -> {recipe.LayoutHash}"
                : $"data {created.DataFingerprint} -> {recipe.DataFingerprint}";
            if (!acceptNewTimeline || created.LayoutHash != recipe.LayoutHash)
            {
                return Stop(StopReason.RecipeChanged, $"the run was created with another {what}", lastCommittedStep);
            }
        }

        IReadOnlyList<SettingsChange> changed =
        [
            .. state.NumericsId == recipe.NumericsId ? Array.Empty<SettingsChange>() : [new SettingsChange("numerics id", state.NumericsId, recipe.NumericsId)],
            .. SettingsChange.Between(state.NumericSettings, recipe.NumericSettings),
        ];
        if (changed.Count == 0 && state.TotalSteps == recipe.TotalSteps)
        {
            return new([], $"run '{recipe.Run}' goes on");
        }

        if (!acceptNewTimeline)
        {
            return Stop(
                StopReason.RecipeChanged,
                "keys that decide bits differ from the run's: " + string.Join("; ", changed) + ". Undo that, or accept a new branch with --new-timeline.",
                lastCommittedStep);
        }

        string why = "numeric keys changed: " + string.Join("; ", changed);
        return new([new TimelineOpened(state.Timeline + 1, lastCommittedStep, recipe.NumericSettings, why, recipe.TotalSteps, NumericsId: recipe.NumericsId)], why);
    }

    /// <summary>The next world, resumed from a committed step (0: from initial weights).</summary>
    public static RunDecision StartGeneration(RunState state, long token, long resumeStep, string reason)
    {
        ArgumentNullException.ThrowIfNull(state);
        return new([new GenerationStarted(state.Generation + 1, token, state.Timeline, resumeStep, reason)], reason);
    }

    /// <summary>The world whose plan is to be sent.</summary>
    public static RunDecision FormWorld(GenerationPlan plan, string reason)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return new([new WorldFormed(plan.Generation, plan.Membership(), plan.StateStep, plan.Source, reason)], reason);
    }

    /// <summary>A rank of the newest world failed: another try while the ladder's budget lasts, else a typed stop. Reports of older worlds have no effect.</summary>
    public static RunDecision RankFailed(RunState state, RunPolicy policy, long generation, FaultKind kind, string message, long step, DateTimeOffset now, int rankId = 0,
        int group = -1, string? errorType = null)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(policy);
        if (generation != state.Generation || state.Stopped is not null)
        {
            return new([], $"a report of generation {generation} has no effect: the newest is {state.Generation}");
        }

        RankFaulted fault = new(generation, kind, message, step, now, rankId, group, errorType);
        if (kind is FaultKind.NonFinite)
        {
            return Stop(StopReason.NonFinite, message, step, fault);
        }

        if (kind is FaultKind.StorageFull)
        {
            return Stop(StopReason.StorageFull, message, step, fault);
        }

        if (Quarantine(state, fault) is { } quarantine)
        {
            return quarantine;
        }

        RunState next = RunState.Apply(state, fault);
        if (next.FaultsWithoutProgress > policy.MaxFaultsWithoutProgress)
        {
            return Stop(StopReason.NoProgress, $"{next.FaultsWithoutProgress + 1} generations failed at step {step} or before: {message}", step, fault);
        }

        int counted = next.Faults.Count(f => f.Kind != FaultKind.UnreadableCheckpoint && now - f.At <= policy.FaultWindow);
        if (counted > policy.MaxFaults)
        {
            StopReason reason = kind is FaultKind.Loader ? StopReason.DataUnreadable : StopReason.RankFailed;
            return Stop(reason, $"{counted} faults in {policy.FaultWindow}, the budget is {policy.MaxFaults}: {message}", step, fault);
        }

        return new([fault], $"{kind} fault {counted} of {policy.MaxFaults} in {policy.FaultWindow}: a new generation");
    }

    /// <summary>
    /// The guard of steps refused a step: the run goes back to a checkpoint on a new timeline, and no step takes the batches since then; or it stops, if it went back not
    /// long ago.
    /// </summary>
    /// <param name="state">The run.</param>
    /// <param name="policy">How far, and how often.</param>
    /// <param name="kind"><see cref="FaultKind.RunNotFinite"/> or <see cref="FaultKind.RunSpiked"/>.</param>
    /// <param name="message">What was wrong.</param>
    /// <param name="step">Step that was refused.</param>
    /// <param name="backTo">Step of the checkpoint; 0: initial weights.</param>
    public static RunDecision RollBack(RunState state, RunPolicy policy, FaultKind kind, string message, long step, long backTo)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(policy);
        StopReason reason = kind is FaultKind.RunSpiked ? StopReason.LossSpiked : StopReason.NonFinite;
        if (policy.RollBack is not { } rule)
        {
            return Stop(reason, message, step);
        }

        if (state.RolledBack is { } last && step < last.AtStep + rule.Window)
        {
            return Stop(reason, $"{message}; the run went back from step {last.AtStep} to {last.FromStep} already, fewer than loss.rollback-window = {rule.Window} steps ago", step);
        }

        BatchRange discarded = new(state.Data.BatchOf(backTo + 1), state.Data.BatchOf(step));
        string why = $"{message}: back to step {backTo}, the data of batches {discarded} are left out";
        return new([new TimelineOpened(state.Timeline + 1, backTo, state.NumericSettings, why, state.TotalSteps, discarded, kind, step)], why);
    }

    /// <summary>An audit found that a rank computed wrong, or that nobody can tell who did (rule 18).</summary>
    /// <param name="state">The run.</param>
    /// <param name="policy">How many convictions a run may see.</param>
    /// <param name="audit">How it ended.</param>
    /// <param name="backTo">Step of the newest checkpoint up to the convicted rank's last clean step; 0: initial weights.</param>
    /// <param name="now">Now.</param>
    public static RunDecision Convict(RunState state, RunPolicy policy, AuditEnded audit, long backTo, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(audit);
        if (audit.Outcome is AuditOutcome.Undecided)
        {
            return Stop(
                StopReason.AuditUndecided,
                $"ranks {audit.Subject} and {audit.Auditor} compute group {audit.Group} of step {audit.Step} differently, each the same way twice, and nobody else is there to tell who is wrong",
                audit.Step);
        }

        long clean = state.CleanStepOf(audit.Convicted);
        string why = $"rank {audit.Convicted} computed group {audit.Group} of step {audit.Step} wrong: back to step {backTo}, as it is known to be right up to step {clean}";
        RankConvicted convicted = new(audit.Generation, audit.Convicted, audit.Step, clean, state.Convictions + 1, why, now);
        if (convicted.Times > policy.MaxFaults)
        {
            return Stop(StopReason.RankFailed, $"{convicted.Times} ranks were convicted of wrong arithmetic, the budget is {policy.MaxFaults}: {why}", audit.Step, convicted);
        }

        return new([convicted, new TimelineOpened(state.Timeline + 1, backTo, state.NumericSettings, why, state.TotalSteps)], why);
    }

    /// <summary>Groups that failed inside a rank and that another rank is to try (rule 17).</summary>
    public static IReadOnlyList<GroupSuspicion> Suspicions(RunState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return [.. state.Faults.Where(IsOfGroup).Select(f => new GroupSuspicion(f.Step, f.Group, f.RankId)).Distinct()];
    }

    // The same typed failure of the same group of the same step inside two ranks. In a world of one rank, which has no other, its second generation is the second witness.
    private static RunDecision? Quarantine(RunState state, RankFaulted fault)
    {
        if (!IsOfGroup(fault))
        {
            return null;
        }

        RankFaulted[] same = [.. state.Faults.Where(f => IsOfGroup(f) && (f.Kind, f.Step, f.Group, f.ErrorType) == (fault.Kind, fault.Step, fault.Group, fault.ErrorType)), fault];
        ImmutableArray<int> ranks = [.. same.Select(f => f.RankId).Distinct().Order()];
        bool isProven = ranks.Length > 1 || (state.Members.Length <= 1 && same.Select(f => f.Generation).Distinct().Count() > 1);
        if (!isProven)
        {
            return null;
        }

        string why = $"group {fault.Group} of step {fault.Step} is quarantined: {fault.ErrorType} in {(ranks.Length > 1 ? $"ranks {string.Join(',', ranks)}" : "two generations of the only rank")}";
        return new(
            [
                fault,
                new GroupQuarantined(fault.Step, fault.Group, fault.Kind, ranks, state.Data.BatchOf(fault.Step), fault.ErrorType!),
                new TimelineOpened(state.Timeline + 1, fault.Step - 1, state.NumericSettings, why, state.TotalSteps, CarriesState: true),
            ],
            why);
    }

    private static bool IsOfGroup(RankFaulted fault) => fault.Group >= 0 && fault.ErrorType is not null && fault.Kind is FaultKind.Compute or FaultKind.Loader;

    /// <summary>The run stands still for a typed reason.</summary>
    public static RunDecision Stop(StopReason reason, string detail, long step, params RunEvent[] before) =>
        new([.. before, new RunStopped(reason, detail, step)], detail);
}

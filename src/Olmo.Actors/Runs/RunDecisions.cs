using System.Collections.Immutable;
using Olmo.Actors.Worlds;

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

        if (created.LayoutHash != recipe.LayoutHash || created.DataFingerprint != recipe.DataFingerprint || created.NumericsId != recipe.NumericsId)
        {
            string what = created.NumericsId != recipe.NumericsId ? $"numerics id {created.NumericsId} -> {recipe.NumericsId}"
                : created.LayoutHash != recipe.LayoutHash ? $"layout {created.LayoutHash} -> {recipe.LayoutHash}"
                : $"data {created.DataFingerprint} -> {recipe.DataFingerprint}";
            if (!acceptNewTimeline || created.LayoutHash != recipe.LayoutHash)
            {
                return Stop(StopReason.RecipeChanged, $"the run was created with another {what}", lastCommittedStep);
            }
        }

        IReadOnlyList<SettingsChange> changed = SettingsChange.Between(state.NumericSettings, recipe.NumericSettings);
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
        return new([new TimelineOpened(state.Timeline + 1, lastCommittedStep, recipe.NumericSettings, why, recipe.TotalSteps)], why);
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
    public static RunDecision RankFailed(RunState state, RunPolicy policy, long generation, FaultKind kind, string message, long step, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(policy);
        if (generation != state.Generation || state.Stopped is not null)
        {
            return new([], $"a report of generation {generation} has no effect: the newest is {state.Generation}");
        }

        RankFaulted fault = new(generation, kind, message, step, now);
        if (kind is FaultKind.NonFinite)
        {
            return Stop(StopReason.NonFinite, message, step, fault);
        }

        if (kind is FaultKind.StorageFull)
        {
            return Stop(StopReason.StorageFull, message, step, fault);
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

    /// <summary>The run stands still for a typed reason.</summary>
    public static RunDecision Stop(StopReason reason, string detail, long step, params RunEvent[] before) =>
        new([.. before, new RunStopped(reason, detail, step)], detail);
}

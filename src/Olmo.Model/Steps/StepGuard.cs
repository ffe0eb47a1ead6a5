using Olmo.Model.Optimization;
using Olmo.Model.State;

namespace Olmo.Model.Steps;

/// <summary>What happens to a step whose announcements are complete and equal: a pure function of the announced totals and of the run's replicated state.</summary>
public static class StepGuard
{
    /// <summary>Judges a step; the state is read only.</summary>
    /// <param name="guard">What earlier steps left; null: nothing, and no outlier rule.</param>
    /// <param name="settings">The recipe's rules.</param>
    /// <param name="isFinite">No contribution of any group held a value that was not finite or out of range.</param>
    /// <param name="loss">Mean cross-entropy of the global batch.</param>
    /// <param name="norm">L2 norm of the whole gradient before clipping.</param>
    /// <remarks>
    /// Steps in a row are those left out since the last applied one, whatever was left out between them for the other reason: a run that is not finite and an outlier by
    /// turns cannot go on for ever.
    /// </remarks>
    public static StepOutcome Judge(StepGuardState? guard, DecisionSettings settings, bool isFinite, double loss, double norm)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (!isFinite || !double.IsFinite(norm))
        {
            bool isLast = settings.MaxSkips > 0 && (guard?.NotFiniteInRow ?? 0) + 1 >= settings.MaxSkips;
            return settings.NonFinite == NonFinitePolicy.Stop ? StepOutcome.StopNonFinite
                : isLast ? StepOutcome.RollBackNonFinite
                : StepOutcome.SkipNonFinite;
        }

        if (settings.SkipStep is not { } rule || guard?.Window is not { } window || window.Allows(loss, norm, rule.Sigmas))
        {
            return StepOutcome.Apply;
        }

        return settings.MaxSpikes > 0 && guard.SpikesInRow + 1 >= settings.MaxSpikes ? StepOutcome.RollBackSpike : StepOutcome.SkipOutlier;
    }

    /// <summary>What a step with an outcome that ends it does to the state.</summary>
    public static StepEffect EffectOf(StepOutcome outcome, DecisionSettings settings) => outcome switch
    {
        StepOutcome.Apply => StepEffect.Applied,
        StepOutcome.SkipOutlier => settings.MaxSpikes > 0 ? StepEffect.SpikeApart : StepEffect.Spike,
        StepOutcome.SkipNonFinite => StepEffect.NotFinite,
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "It does not end a step."),
    };
}

namespace Olmo.Model.Steps;

/// <summary>What a full set of announcements says.</summary>
public enum StepOutcome
{
    /// <summary>Owners apply the update.</summary>
    Apply = 0,

    /// <summary>Left out by the outlier rule.</summary>
    SkipOutlier = 1,

    /// <summary>Left out because a value was not finite.</summary>
    SkipNonFinite = 2,

    /// <summary>Nothing is applied; the run's supervisor decides.</summary>
    StopNonFinite = 3,

    /// <summary>An announcement is missing, or belongs to another attempt or generation: nothing may be done yet.</summary>
    Incomplete = 4,

    /// <summary>Owners of a shard differ: all its sums are void and the step is tried again.</summary>
    Void = 5,

    /// <summary>Too many steps in a row were not finite: nothing is applied, the run goes back to a checkpoint and leaves the data since then out.</summary>
    RollBackNonFinite = 6,

    /// <summary>Too many steps in a row were outliers: as <see cref="RollBackNonFinite"/>.</summary>
    RollBackSpike = 7,
}

using Olmo.Model.Optimization;

namespace Olmo.Model.Steps;

/// <summary>What turns announcements into an outcome; part of the recipe, numeric.</summary>
/// <param name="GradientClip">Largest L2 norm of the whole gradient that passes unchanged; null: no clipping.</param>
/// <param name="SkipStep">The outlier rule; null: none.</param>
/// <param name="NonFinite">Policy for values that are not finite.</param>
/// <param name="MaxSkips">That many steps in a row that are not finite roll the run back instead of being left out; 0: any number is left out.</param>
/// <param name="MaxSpikes">The same of outliers.</param>
public sealed record DecisionSettings(
    double? GradientClip = 1.0, SkipStepSettings? SkipStep = null, NonFinitePolicy NonFinite = NonFinitePolicy.Stop, int MaxSkips = 0, int MaxSpikes = 0);

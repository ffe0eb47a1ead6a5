namespace Olmo.Model.Optimization;

/// <summary>The rule that leaves out steps whose loss or gradient norm is an upward outlier (SkipStepAdamW of OLMo 2 32B and OLMo 3).</summary>
/// <param name="Window">Earlier steps looked at, at least 2; the first decision needs half of them.</param>
/// <param name="Sigmas">Allowed distance above the mean in standard deviations.</param>
public sealed record SkipStepSettings(int Window = 128, double Sigmas = 6.0)
{
    public int Window { get; } = Window >= 2 ? Window : throw new ArgumentOutOfRangeException(nameof(Window), Window, "The window must hold at least 2 steps.");

    public double Sigmas { get; } = Sigmas > 0.0 ? Sigmas : throw new ArgumentOutOfRangeException(nameof(Sigmas), Sigmas, "Must be above 0.");
}

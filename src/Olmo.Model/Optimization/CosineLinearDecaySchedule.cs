namespace Olmo.Model.Optimization;

/// <summary>
/// A cosine until D - d, then linear from the cosine's value there to <paramref name="FinalRate"/> at D, where it stays (the reference goes
/// on below zero).
/// </summary>
/// <param name="Warmup">w</param>
/// <param name="End">D, of the decay.</param>
/// <param name="Decay">d</param>
/// <param name="CosineEnd">End of the cosine; the reference's own field may differ from the end of the decay.</param>
/// <param name="FinalFraction">a, of the cosine.</param>
/// <param name="FinalRate">Rate at the end, absolute.</param>
/// <param name="WarmupStart">p_w</param>
public sealed record CosineLinearDecaySchedule(
    double Warmup, double End, double Decay, double CosineEnd, double FinalFraction = 0.1, double FinalRate = 0.0, double WarmupStart = 0.0)
    : LearningRateSchedule
{
    private readonly CosineSchedule _cosine = new(Warmup, CosineEnd, FinalFraction, WarmupStart);

    public double Decay { get; } = NotNegative(Decay, nameof(Decay));

    /// <inheritdoc/>
    public override double RateAt(double peak, double position)
    {
        double start = End - Decay;
        return position < start || position < Warmup
            ? _cosine.RateAt(peak, position)
            : Decayed(_cosine.RateAt(peak, start), FinalRate, End - position, Decay);
    }
}

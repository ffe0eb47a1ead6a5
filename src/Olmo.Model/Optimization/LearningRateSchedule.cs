namespace Olmo.Model.Optimization;

/// <summary>
/// A learning rate as a pure function of the position: the 1-based step number, or the tokens seen with the current batch included. Everything
/// in fp64 with this project's own functions, so that every machine gets the same bits.
/// </summary>
/// <remarks>
/// Letters in the formulas: t position, w warm-up length, D end, d decay length (all in the unit of the position), p peak rate, a final rate
/// over peak, p_w rate at which the warm-up starts.
/// </remarks>
public abstract record LearningRateSchedule
{
    /// <summary>Learning rate per step at a position.</summary>
    /// <param name="peak">Peak rate of the parameter group.</param>
    /// <param name="position">Step number or tokens seen, at least 0.</param>
    public abstract double RateAt(double peak, double position);

    /// <summary>p_w + (p - p_w) * t / w</summary>
    private protected static double Warmed(double peak, double position, double warmup, double start) =>
        start + ((peak - start) * Math.Min(position, warmup) / warmup);

    /// <summary>Linear from <paramref name="from"/> at <paramref name="decay"/> before the end to <paramref name="to"/> at the end; clamped there.</summary>
    private protected static double Decayed(double from, double to, double beforeEnd, double decay) =>
        beforeEnd <= 0.0 ? to : to + ((from - to) * Math.Min(beforeEnd, decay) / decay);

    private protected static double NotNegative(double value, string name) =>
        value >= 0.0 && double.IsFinite(value) ? value : throw new ArgumentOutOfRangeException(name, value, "Must be a finite number of at least 0.");

    private protected static double Positive(double value, string name) =>
        value > 0.0 && double.IsFinite(value) ? value : throw new ArgumentOutOfRangeException(name, value, "Must be a finite number above 0.");
}

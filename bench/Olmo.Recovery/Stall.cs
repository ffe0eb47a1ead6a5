namespace Olmo.Recovery;

/// <summary>What one kill cost, in seconds.</summary>
/// <param name="Detect">From the signal to the supervisor's knowledge.</param>
/// <param name="Agree">Journal, reports and plan; of all worlds that followed from the kill.</param>
/// <param name="Connect">The mesh.</param>
/// <param name="Transfer">State, base and parameters.</param>
/// <param name="Warm">Engine, and what is kept or loaded was put in place.</param>
/// <param name="Ready">From the signal until the world was ready: without redo.</param>
/// <param name="Redo">From there to the end of the next step, less what a quiet step would still have taken: not below 0.</param>
/// <param name="Wall">Wall time with the kill less wall time without: the interrupted interval between steps less quiet steps.</param>
/// <param name="Total">The same up to the next kill: with the slower steps until the world was whole again.</param>
/// <param name="Whole">From the signal until a world of as many ranks as before was ready; NaN where none was.</param>
/// <param name="MovedBytes">Bytes of state.</param>
/// <param name="Groups">Groups computed again.</param>
/// <param name="StepsLost">Steps done again.</param>
/// <param name="Kind">Kind of the recovery.</param>
internal sealed record Stall(
    double Detect, double Agree, double Connect, double Transfer, double Warm, double Ready, double Redo, double Wall, double Total, double Whole, long MovedBytes, int Groups, long StepsLost, string Kind)
{
    /// <summary>Prices a kill. Null where the run wrote down too little: no step before or after it.</summary>
    /// <param name="kill">When.</param>
    /// <param name="end">When the next kill came, or the run ended.</param>
    /// <param name="steps">All steps by time.</param>
    /// <param name="recoveries">All recoveries by time.</param>
    /// <param name="quiet">Median time between two quiet steps.</param>
    /// <param name="ranks">Ranks of a whole world.</param>
    public static Stall? Of(DateTimeOffset kill, DateTimeOffset end, List<StepLine> steps, List<RecoveryLine> recoveries, double quiet, int ranks)
    {
        RecoveryLine[] own = [.. recoveries.Where(r => r.DetectedAt >= kill.AddMilliseconds(-5) && r.DetectedAt < end)];
        int before = steps.FindLastIndex(s => s.At <= kill);
        int after = own.Length == 0 ? -1 : steps.FindIndex(s => s.At > kill && s.Generation >= own[0].Generation && s.Step > own[0].StateStep);
        if (before < 0 || after < 0)
        {
            return null;
        }

        int last = steps.FindLastIndex(s => s.At < end);
        RecoveryLine first = own[0];
        double detect = (first.DetectedAt - kill).TotalSeconds;
        double ready = detect + first.Agree + first.Form + first.Abandoned;
        RecoveryLine? whole = Array.Find(own, r => r.Members == ranks);
        double wholeAfter = whole is null ? double.NaN : (whole.DetectedAt - kill).TotalSeconds + whole.Agree + whole.Form + whole.Abandoned;
        double wall = Excess(steps[before], steps[after], quiet);
        return new Stall(
            detect, first.Agree, first.Connect, first.Transfer, first.Warm + first.Take, ready, Math.Max(0, wall - ready), wall, Excess(steps[before], steps[Math.Max(after, last)], quiet), wholeAfter,
            own.Sum(r => r.MovedBytes), own.Sum(r => r.Groups), own.Sum(r => r.StepsLost), first.Kind);
    }

    private static double Excess(StepLine from, StepLine to, double quiet) => (to.At - from.At).TotalSeconds - ((to.Step - from.Step) * quiet);
}

using System.Globalization;

namespace Olmo.Recovery;

/// <summary>Steps that nothing hits, with all protection and with the least, in turns of a few steps.</summary>
internal static class ProtectionCost
{
    private const int Interval = 10;        // of checkpoints, in what is priced
    private const int AuditInterval = 50;   // the same of audits
    private const int Boundary = 6;         // the same in the runs: each is met several times
    private const int Turn = 2;             // steps; one for the run that is alone
    private const int WarmSteps = 2;

    public static int Run(Bench bench)
    {
        int turns = bench.Number("turns", 18);
        int audited = bench.Number("audits", Boundary); // every so many steps: 3 or 6, as what a boundary costs is seen in the two steps after it
        BenchModel model = bench.Model(512, 1);
        Console.WriteLine($"{model}; {turns} turns of {Turn} steps; {Bench.Load}");
        SumCost sums = SumCost.Measure(model, TimeProvider.System);

        // Nobody takes a run that stands still for dead.
        string[] patient = ["ranks.silence=200 s", "ranks.operation-timeout=250 s", "ranks.step-timeout=300 s", "ranks.supervisor-timeout=350 s", "ranks.processes=true", "run.steps=100000"];
        string[] bareSettings = [.. patient, "ranks.count=2", "ranks.threads=1", "state.replicas=1", "checkpoint.interval=1000000", "audit.interval=0"];
        string[] protectedSettings = [.. patient, "ranks.count=2", "ranks.threads=1", "state.replicas=2", $"checkpoint.interval={Boundary}", $"audit.interval={audited}"];
        string[] aloneSettings = [.. patient, "ranks.count=1", "ranks.threads=2", "state.replicas=1", "checkpoint.interval=1000000", "audit.interval=0"];
        using PacedRun full = new(bench, "full", model, protectedSettings);
        full.To(WarmSteps);
        using PacedRun bare = new(bench, "bare", model, bareSettings);
        bare.To(WarmSteps);
        using PacedRun alone = new(bench, "alone", model, aloneSettings);
        alone.To(WarmSteps);
        List<TurnCost> rounds = [];
        for (int turn = 0; turn < turns; turn++)
        {
            TurnCost costs = new(full.To(full.Step + Turn), bare.To(bare.Step + Turn), alone.To(alone.Step + 1));
            rounds.Add(costs);
            Console.WriteLine($"  full {Text(costs.Full)}; bare {Text(costs.Bare)}; alone {Text(costs.Alone)}; {Bench.Load}");
        }

        double announced = sums.Announce;
        double wall = Report("wall time", s => s.Wall, rounds, audited, announced);
        double processor = Report("processor time, all processes", s => s.Processor, rounds, audited, 2 * announced);
        double two = Spread.MedianOf(rounds.SelectMany(r => r.Bare).Select(s => s.Wall));
        double guarded = Spread.MedianOf(rounds.SelectMany(r => r.Full).Where(s => IsPlain(s, audited)).Select(s => s.Wall));
        double one2 = Spread.MedianOf(rounds.SelectMany(r => r.Alone).Select(s => s.Wall));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"sums in fixed point: {sums.Fixed * BenchModel.Groups / 2:0.000} s a step and rank, in fp32 they would take {sums.Plain * BenchModel.Groups / 2:0.000} s: {(sums.Fixed - sums.Plain) * BenchModel.Groups / 2 / two * 100:0.00} % of a step; announcements and digests {announced:0.000} s a step and rank"));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"protection {wall * 100:0.00} % of the step's wall time, {processor * 100:0.00} % of its processor time (aim 3 %); 2 ranks x 1 thread over 1 rank x 2 threads {one2 / two:0.000} (R = 1), {one2 / guarded:0.000} (R = 2), aim 0.95"));
        return wall <= 0.03 && one2 / guarded >= 0.95 ? 0 : 1;
    }

    private static bool IsStaging(in StepCost step) => step.Step % Boundary is 1 or 2 && step.Step > Boundary;

    private static bool IsPlain(in StepCost step, int audited) => !IsStaging(step) && step.Step % audited != 0;

    // A boundary is priced against the other run's steps of the same turn, as the machine is not equally fast all the time. The first checkpoint takes its memory, and each
    // rank's first audit; these are shown, not priced. Of the announcements, which cannot be left out, the barest run makes those of half of the shards a rank.
    private static double Report(string what, Func<StepCost, double> of, List<TurnCost> rounds, int audited, double announced)
    {
        double[] plain = [.. rounds.SelectMany(r => r.Full).Where(s => IsPlain(s, audited)).Select(of)];
        double[] least = [.. rounds.SelectMany(r => r.Bare).Select(of)];
        double[] single = [.. rounds.SelectMany(r => r.Alone).Select(of)];
        double quiet = Spread.MedianOf(plain), bare = Spread.MedianOf(least);
        double Above(TurnCost turn) => turn.Full.Sum(of) - (turn.Bare.Sum(of) * quiet / bare);
        double[] checkpoints = [.. rounds.Where(r => r.Full.Any(s => IsStaging(s))).Select(Above)];
        double[] audits = [.. rounds.Where(r => !r.Full.Any(s => IsStaging(s)) && r.Full.Any(s => s.Step % audited == 0)).Select(Above)];
        double checkpoint = Spread.MedianOf(checkpoints.Skip(Math.Min(1, checkpoints.Length - 1))), audit = Spread.MedianOf(audits.Skip(Math.Min(2, audits.Length - 1)));
        double bareAnnounced = announced / 2;
        double cost = quiet - bare + (checkpoint / Interval) + (audit / AuditInterval) + bareAnnounced;
        Console.WriteLine($"{what}, seconds: median (lowest; middle half) of steps");
        Console.WriteLine($"  R = 2 {Text(plain)}; R = 1 {Text(least)}; one rank of two threads {Text(single)}");
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  a checkpoint {checkpoint:0.000} ({checkpoint / quiet * 100:0.0} % of a step; {string.Join(' ', checkpoints.Select(c => c.ToString("0.00", CultureInfo.InvariantCulture)))}, the first takes its memory); an audit {audit:0.000} ({string.Join(' ', audits.Select(c => c.ToString("0.00", CultureInfo.InvariantCulture)))}, the first of each rank takes its memory)"));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  R = 2 {quiet - bare:0.000} + checkpoints {checkpoint / Interval:0.000} (one in {Interval} steps) + audits {audit / AuditInterval:0.000} (one in {AuditInterval}) + announcements {bareAnnounced:0.000} = {cost:0.000}"));
        return cost / (bare - bareAnnounced);
    }

    private static string Text(IEnumerable<StepCost> steps) =>
        string.Join(' ', steps.Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Wall:0.00}/{s.Processor:0.00}")));

    private static string Text(IEnumerable<double> figures)
    {
        double[] sorted = [.. figures.Order()];
        return string.Create(CultureInfo.InvariantCulture, $"{Spread.MedianOf(sorted):0.000} ({sorted[0]:0.000}; {sorted[sorted.Length / 4]:0.000} to {sorted[sorted.Length * 3 / 4]:0.000}; {sorted.Length})");
    }

    // One turn of each run.
    private sealed record TurnCost(List<StepCost> Full, List<StepCost> Bare, List<StepCost> Alone);
}

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
        List<StepCost> plain = [], stage = [], audits = [], least = [], single = [];
        for (int turn = 0; turn < turns; turn++)
        {
            List<StepCost> steps = full.To(full.Step + Turn);
            foreach (StepCost step in steps)
            {
                (step.Step % Boundary is 1 or 2 && step.Step > Boundary ? stage : step.Step % audited == 0 ? audits : plain).Add(step);
            }

            List<StepCost> others = bare.To(bare.Step + Turn);
            least.AddRange(others);
            List<StepCost> one = alone.To(alone.Step + 1);
            single.AddRange(one);
            Console.WriteLine($"  full {Text(steps)}; bare {Text(others)}; alone {Text(one)}; {Bench.Load}");
        }

        double announced = sums.Announce;
        double wall = Report("wall time", s => s.Wall, plain, stage, audits, least, single, announced);
        double processor = Report("processor time, all processes", s => s.Processor, plain, stage, audits, least, single, 2 * announced);
        double two = Spread.MedianOf(least.Select(s => s.Wall)), guarded = Spread.MedianOf(plain.Select(s => s.Wall)), one2 = Spread.MedianOf(single.Select(s => s.Wall));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"sums in fixed point: {sums.Fixed * BenchModel.Groups / 2:0.000} s a step and rank, in fp32 they would take {sums.Plain * BenchModel.Groups / 2:0.000} s: {(sums.Fixed - sums.Plain) * BenchModel.Groups / 2 / two * 100:0.00} % of a step; announcements and digests {announced:0.000} s a step and rank"));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"protection {wall * 100:0.00} % of the step's wall time, {processor * 100:0.00} % of its processor time (aim 3 %); 2 ranks x 1 thread over 1 rank x 2 threads {one2 / two:0.000} (R = 1), {one2 / guarded:0.000} (R = 2), aim 0.95"));
        return wall <= 0.03 && one2 / guarded >= 0.95 ? 0 : 1;
    }

    // The first checkpoint takes its memory, and each rank's first audit; these are shown, not priced.
    private static double Report(
        string what, Func<StepCost, double> of, List<StepCost> plain, List<StepCost> stage, List<StepCost> audits, List<StepCost> least, List<StepCost> single, double announced)
    {
        double quiet = Spread.MedianOf(plain.Select(of));
        double bare = Spread.MedianOf(least.Select(of));
        double[] checkpoints = [.. stage.Chunk(2).Where(c => c.Length == 2).Select(c => of(c[0]) + of(c[1]) - (2 * quiet))];
        double[] audited = [.. audits.Select(a => of(a) - quiet)];
        double checkpoint = Spread.MedianOf(checkpoints.Skip(Math.Min(1, checkpoints.Length - 1))), audit = Spread.MedianOf(audited.Skip(Math.Min(2, audited.Length - 1)));
        double cost = quiet - bare + (checkpoint / Interval) + (audit / AuditInterval) + announced;
        Console.WriteLine($"{what}, seconds: median (lowest; middle half) of steps");
        Console.WriteLine($"  R = 2 {Text(plain.Select(of))}; R = 1 {Text(least.Select(of))}; one rank of two threads {Text(single.Select(of))}");
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  a checkpoint {checkpoint:0.000} ({checkpoint / quiet * 100:0.0} % of a step; {string.Join(' ', checkpoints.Select(c => c.ToString("0.00", CultureInfo.InvariantCulture)))}, the first takes its memory); an audit {audit:0.000} ({string.Join(' ', audited.Select(c => c.ToString("0.00", CultureInfo.InvariantCulture)))}, the first of each rank takes its memory)"));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  R = 2 {quiet - bare:0.000} + checkpoints {checkpoint / Interval:0.000} (one in {Interval} steps) + audits {audit / AuditInterval:0.000} (one in {AuditInterval}) + announcements {announced:0.000} = {cost:0.000}"));
        return cost / (bare - announced);
    }

    private static string Text(IEnumerable<StepCost> steps) =>
        string.Join(' ', steps.Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Wall:0.00}/{s.Processor:0.00}")));

    private static string Text(IEnumerable<double> figures)
    {
        double[] sorted = [.. figures.Order()];
        return string.Create(CultureInfo.InvariantCulture, $"{Spread.MedianOf(sorted):0.000} ({sorted[0]:0.000}; {sorted[sorted.Length / 4]:0.000} to {sorted[sorted.Length * 3 / 4]:0.000}; {sorted.Length})");
    }
}

using System.Globalization;

namespace Olmo.Recovery;

/// <summary>
/// Steps that nothing hits, with all protection and with the least. The runs take turns of a quarter of a second, so that what slows the machine slows all of them; what is compared are whole
/// periods of checkpoints and audits.
/// </summary>
internal static class ProtectionCost
{
    private const int Period = 10;          // steps from a checkpoint to the next, and from an audit to the next
    private const int AuditInterval = 50;   // of what is priced: the run has more of them, so that several are met
    private const int WarmPeriods = 2;      // the first checkpoint takes its memory, and each rank's first audit
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(250);

    public static int Run(Bench bench)
    {
        int periods = bench.Number("periods", 4);
        BenchModel model = bench.Model(512, 1);
        Console.WriteLine($"{model}; {periods} periods of {Period} steps after {WarmPeriods}, in turns of {Slice.TotalSeconds} s; {Bench.Load}");
        SumCost sums = SumCost.Measure(model, TimeProvider.System);

        // Nobody takes a run that stands still for dead.
        string[] patient = ["ranks.silence=200 s", "ranks.operation-timeout=250 s", "ranks.step-timeout=300 s", "ranks.supervisor-timeout=350 s", "ranks.processes=true", "run.steps=100000"];
        string[] least = [.. patient, "checkpoint.interval=1000000", "audit.interval=0", "state.replicas=1"];
        using SlicedRun full = new(bench, "full", model, [.. patient, "ranks.count=2", "ranks.threads=1", "state.replicas=2", $"checkpoint.interval={Period}", $"audit.interval={Period}"]);
        using SlicedRun bare = new(bench, "bare", model, [.. least, "ranks.count=2", "ranks.threads=1"]);
        using SlicedRun alone = new(bench, "alone", model, [.. least, "ranks.count=1", "ranks.threads=2"]);
        long first = (WarmPeriods * Period) + 2; // what a checkpoint costs is seen in the two steps after it
        long last = first + (periods * Period);
        for (bool even = true; full.Step < last; even = !even)
        {
            full.GoOn(Slice);
            bare.GoOn(Slice);
            if (even)
            {
                alone.GoOn(Slice); // half as often: it is compared by the other two's pace at the same times
            }
        }

        Window window = new(full.Marks, bare.Marks, first, last);
        Console.WriteLine($"  steps {first + 1} to {last}, each in steps of the bare run meanwhile: {string.Join(' ', window.Relative.Select(r => r.ToString("0.00", CultureInfo.InvariantCulture)))}; {Bench.Load}");
        double[] means = [.. window.Relative.Chunk(Period).Select(p => Mean(p))];
        double mean = Mean(means);
        double error = means.Length > 1 ? Math.Sqrt(Mean([.. means.Select(m => (m - mean) * (m - mean))]) / (means.Length - 1)) : double.NaN; // of one period it is not known
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"  periods {string.Join(' ', means.Select(m => m.ToString("0.000", CultureInfo.InvariantCulture)))}: {mean:0.000} in the mean, standard error {error:0.000}"));
        double wall = Report("wall time", window, m => m.Active, sums.Announce);
        double processor = Report("processor time, all processes", window, m => m.Processor, 2 * sums.Announce);
        double single = (alone.Marks[^1].Active - alone.Marks[0].Active) / (alone.Marks[^1].Step - alone.Marks[0].Step);
        double two = single / PerStep(bare.Marks, m => m.Active);
        double guarded = two / (PerStep(full.Marks, m => m.Active) / PerStep(bare.Marks, m => m.Active));
        double bareStep = window.BareStep(m => m.Active);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"sums in fixed point: {sums.Fixed * model.Groups / 2:0.000} s a step and rank, in fp32 they would take {sums.Plain * model.Groups / 2:0.000} s: {(sums.Fixed - sums.Plain) * model.Groups / 2 / bareStep * 100:0.00} % of a step; announcements and digests {sums.Announce:0.000} s a step and rank"));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"protection {wall * 100:0.00} % of the step's wall time, {processor * 100:0.00} % of its processor time (aim 3 %); 2 ranks x 1 thread over 1 rank x 2 threads {two:0.000} (R = 1), {guarded:0.000} (R = 2, with checkpoints and audits), aim 0.95"));
        return wall <= 0.03 && guarded >= 0.95 ? 0 : 1;
    }

    // Periods as they were, with all checkpoints and one audit in five. Of the announcements, which cannot be left out, the barest run makes those of half of the shards a rank.
    private static double Report(string what, Window window, Func<StepMark, double> of, double announced)
    {
        double bare = window.BareStep(of);
        double period = window.FullStep(of) * Period;
        double[] steps = window.Steps(of);
        double plain = window.MeanOf(steps, step => step % Period is not (0 or 1 or 2));
        double checkpoint = (2 * window.MeanOf(steps, step => step % Period is 1 or 2)) - (2 * plain);
        double audit = window.MeanOf(steps, step => step % Period == 0) - plain;
        double bareAnnounced = announced / 2;
        double cost = ((period - (audit * (1 - ((double)Period / AuditInterval)))) / Period) - bare + bareAnnounced;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{what}, seconds a step: R = 1 {bare:0.000}, R = 2 {plain:0.000}, a checkpoint {checkpoint:0.000} ({checkpoint / bare * 100:0.0} % of a step), an audit {audit:0.000}, announcements of the barest run {bareAnnounced:0.000}; with a checkpoint every {Period} steps and an audit every {AuditInterval} {bare + cost:0.000}, {cost:0.000} more"));
        return cost / (bare - bareAnnounced);
    }

    private static double Mean(double[] values)
    {
        double sum = 0;
        foreach (double value in values)
        {
            sum += value;
        }

        return sum / values.Length;
    }

    private static double PerStep(IReadOnlyList<StepMark> marks, Func<StepMark, double> of) => (of(marks[^1]) - of(marks[0])) / (marks[^1].Step - marks[0].Step);

    // The full run's steps (first, last], and what the bare run did in the same time.
    private sealed class Window
    {
        private readonly StepMark[] _full;
        private readonly StepMark _bareFrom, _bareTo;
        private readonly double _bareSteps;

        public Window(IReadOnlyList<StepMark> full, IReadOnlyList<StepMark> bare, long first, long last)
        {
            _full = [.. full.Where(m => m.Step >= first && m.Step <= last)];
            if (_full.Length != last - first + 1)
            {
                throw new InvalidOperationException($"steps {first} to {last} were not all seen: {string.Join(' ', _full.Select(m => m.Step))}");
            }

            First = first;
            (_bareFrom, _bareTo) = (At(bare, _full[0].Active), At(bare, _full[^1].Active));
            _bareSteps = StepsAt(bare, _full[^1].Active) - StepsAt(bare, _full[0].Active);
            Relative = [.. _full.Skip(1).Select((m, i) => StepsAt(bare, m.Active) - StepsAt(bare, _full[i].Active))];
        }

        public long First { get; }

        // What each step took, in steps of the bare run in the same time.
        public double[] Relative { get; }

        public double BareStep(Func<StepMark, double> of) => (of(_bareTo) - of(_bareFrom)) / _bareSteps;

        public double FullStep(Func<StepMark, double> of) => (of(_full[^1]) - of(_full[0])) / (_full.Length - 1);

        // Each step's time as it would have been on a machine that is equally fast all the time.
        public double[] Steps(Func<StepMark, double> of)
        {
            double bare = BareStep(m => m.Active);
            return [.. Relative.Select((r, i) => (of(_full[i + 1]) - of(_full[i])) * bare * r / (_full[i + 1].Active - _full[i].Active))];
        }

        public double MeanOf(double[] steps, Func<long, bool> which) => Mean([.. steps.Where((_, i) => which(First + 1 + i))]);

        // Both have been let go on for the same time at any time, but for a slice.
        private static double StepsAt(IReadOnlyList<StepMark> bare, double active)
        {
            (StepMark before, StepMark after) = Around(bare, active);
            return before.Step + ((active - before.Active) / (after.Active - before.Active) * (after.Step - before.Step));
        }

        private static StepMark At(IReadOnlyList<StepMark> bare, double active)
        {
            (StepMark before, StepMark after) = Around(bare, active);
            return new StepMark(before.Step, active, before.Processor + ((active - before.Active) / (after.Active - before.Active) * (after.Processor - before.Processor)));
        }

        private static (StepMark Before, StepMark After) Around(IReadOnlyList<StepMark> bare, double active)
        {
            int after = 1;
            while (after < bare.Count - 1 && bare[after].Active < active)
            {
                after++;
            }

            return (bare[after - 1], bare[after]);
        }
    }
}

using System.Globalization;

namespace Olmo.Recovery;

/// <summary>Steps that nothing hits, with all protection and with the least, in turns.</summary>
internal static class ProtectionCost
{
    private const int Interval = 10;        // of checkpoints, in what is priced
    private const int AuditInterval = 50;   // the same of audits
    private const int WarmSteps = 2;

    public static int Run(Bench bench)
    {
        int rounds = bench.Number("rounds", 3);
        int steps = bench.Number("steps", 9);
        int at = Math.Max(WarmSteps + 2, steps / 2); // the step whose checkpoint is met on the way; the last step's is not
        int audited = steps - 1;
        BenchModel model = bench.Model(512, 1);
        Console.WriteLine($"{model}; {rounds} rounds of {steps} steps each; {Bench.Load}");
        SumCost sums = SumCost.Measure(model, TimeProvider.System);
        string[] two = ["ranks.count=2", "ranks.threads=1", "ranks.processes=true", $"run.steps={steps}"];
        string[] protectedSettings = [.. two, "state.replicas=2", $"checkpoint.interval={at}", $"audit.interval={audited}"];
        string[] bareSettings = [.. two, "state.replicas=1", "checkpoint.interval=1000000", "audit.interval=0"];
        string[] alone = ["ranks.count=1", "ranks.threads=2", "ranks.processes=true", $"run.steps={steps}", "state.replicas=1", "checkpoint.interval=1000000", "audit.interval=0"];
        List<double> full = [], bare = [], one = [], stage = [], audits = [];
        for (int round = 0; round < rounds; round++)
        {
            foreach ((string name, string[] settings, List<double> into) in ((string, string[], List<double>)[])[("full", protectedSettings, full), ("bare", bareSettings, bare), ("alone", alone, one)])
            {
                double[] intervals = Of(bench, model, $"{name}-{round}", settings, steps);
                int first = into == full ? at - 1 : intervals.Length; // interval i is between steps i + 1 and i + 2
                into.AddRange(intervals.Where((_, i) => i >= WarmSteps - 1 && (i < first || i > first + 1) && (into != full || i != audited - 2)));
                if (into == full)
                {
                    audits.Add(intervals[audited - 2]);
                    stage.Add(intervals.Skip(first).Take(2).Aggregate(0.0, (a, b) => a + b)); // the copy, and the writing beside two steps
                }

                Console.WriteLine($"  round {round} {name,-5} {string.Join(' ', intervals.Select(s => s.ToString("0.000", CultureInfo.InvariantCulture)))}; {Bench.Load}");
            }
        }

        double quiet = Spread.MedianOf(full), least = Spread.MedianOf(bare), single = Spread.MedianOf(one);
        double checkpoint = Spread.MedianOf(stage) - (2 * quiet);
        double audit = Spread.MedianOf(audits) - quiet;
        double cost = quiet - least + (checkpoint / Interval) + (audit / AuditInterval) + sums.Announce;
        double share = cost / (least - sums.Announce);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"step with R = 2: {quiet:0.000} s, with R = 1: {least:0.000} s (median of {full.Count} and {bare.Count}); announcements and digests inside both {sums.Announce:0.0000} s; a checkpoint {checkpoint:0.000} s, one every {Interval} steps; an audit {audit:0.000} s, one every {AuditInterval}; one rank of two threads {single:0.000} s"));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"sums in fixed point: {sums.Fixed * BenchModel.Groups / 2:0.000} s a step and rank, in fp32 they would take {sums.Plain * BenchModel.Groups / 2:0.000} s: {(sums.Fixed - sums.Plain) * BenchModel.Groups / 2 / least * 100:0.00} % of a step"));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"protection {share * 100:0.00} % of the step = {cost:0.000} s (aim 3 %); checkpoint {checkpoint / quiet * 100:0.0} % of one step; 2 ranks x 1 thread over 1 rank x 2 threads {single / least:0.000} (R = 1), {single / quiet:0.000} (R = 2), aim 0.95"));
        return share <= 0.03 && single / quiet >= 0.95 ? 0 : 1;
    }

    private static double[] Of(Bench bench, BenchModel model, string name, string[] settings, int steps)
    {
        WatchedRun run = bench.Start(name, model, settings);
        run.Await(r => r.Step >= steps, $"{name}: {steps} steps", 900);
        List<StepLine> lines = RunFiles.Steps(run.Folder);
        bench.Forget(run);
        return [.. lines.Zip(lines.Skip(1), (a, b) => (b.At - a.At).TotalSeconds)];
    }
}

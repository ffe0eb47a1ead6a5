using System.Globalization;
using Olmo.Model.Numerics;

namespace Olmo.Recovery;

/// <summary>Kills ranks of a world of two, one at a time, at times that are uniform over a step, and prices each kill.</summary>
internal static class Kills
{
    private const int Ranks = 2;
    private const int ShrunkSteps = 2;

    public static int Run(Bench bench)
    {
        int kills = bench.Number("kills", 30);
        BenchModel model = bench.Model(64, 1);
        string only = bench.Option("only") ?? "spare,shrink,respawn";
        Console.WriteLine($"{model}; {Ranks} ranks of one thread, R = 2; {kills} kills each; {Bench.Load}");
        string figure = "";
        foreach (string mode in only.Split(','))
        {
            List<Stall> stalls = Of(bench, model, mode, kills, out double quiet);
            Print(mode, stalls, quiet);
            if (mode == "spare")
            {
                figure = Figure(stalls);
            }
        }

        Console.WriteLine(Bench.Load);
        Console.WriteLine(figure.Length > 0 ? figure : "no figure: kills with a spare were left out");
        return 0;
    }

    private static List<Stall> Of(Bench bench, BenchModel model, string mode, int kills, out double quiet)
    {
        int spares = mode == "spare" ? 1 : 0;
        using WatchedRun run = bench.Start(
            mode, model, $"ranks.count={Ranks}", $"ranks.spares={spares}", "ranks.threads=1", "state.replicas=2", "run.steps=1000000", "checkpoint.interval=1000000");
        RandomStream random = new(1, $"kills-{mode}");
        ulong drawn = 0;
        List<(DateTimeOffset At, DateTimeOffset QuietFrom)> killed = [];
        run.Await(r => r.Step >= 3, "three steps");
        double step = Spread.MedianOf(Intervals(RunFiles.Steps(run.Folder)));
        for (int k = 0; k < kills; k++)
        {
            run.Await(r => r.IsSettled(Ranks, spares), $"kill {k}: a whole world", 120);
            long settled = run.See(r => r.Step) + 1;
            run.Await(r => r.Step >= settled, $"kill {k}: a step of the whole world");
            DateTimeOffset from = run.Now;
            long wait = settled + 1 + (long)random.Below(2, drawn++);
            run.Await(r => r.Step >= wait, $"kill {k}: quiet steps");
            run.Pass(random.Uniform(drawn++) * step);
            RankSight[] members = run.See(r => r.Members);
            long recoveries = run.See(r => r.Recoveries);
            killed.Add((run.Kill(members[(int)random.Below((ulong)members.Length, drawn++)]), from));
            if (mode == "shrink")
            {
                Shrink(run, recoveries, k);
            }
            else
            {
                run.Await(r => r.Recoveries > recoveries, $"kill {k}: a new world");
            }
        }

        run.Await(r => r.IsSettled(Ranks, spares), "a whole world after the last kill");
        long last = run.See(r => r.Step) + 1;
        run.Await(r => r.Step > last, "the last steps");
        List<StepLine> steps = RunFiles.Steps(run.Folder);
        List<RecoveryLine> all = RunFiles.Recoveries(run.Folder);
        double[] calm = [.. killed.SelectMany(k => Intervals([.. steps.Where(s => s.At >= k.QuietFrom && s.At <= k.At)]))];
        double median = quiet = calm.Length > 0 ? Spread.MedianOf(calm) : step;
        DateTimeOffset end = run.Now;
        return [.. killed.Select((k, i) => Stall.Of(k.At, i + 1 < killed.Count ? killed[i + 1].At : end, steps, all, median, Ranks)).OfType<Stall>()];
    }

    // The replacement, which starts when the smaller world goes on, is held by SIGSTOP before it is ready, so that the world stays as small as it is for some steps. A recovery is told
    // of with the first step of the smaller world only, when the replacement may be ready.
    private static void Shrink(WatchedRun run, long recoveries, int kill)
    {
        run.Await(r => r.Starting.Length > 0, $"kill {kill}: a replacement");
        RankSight held = run.See(r => r.Starting)[0];
        Signals.Send(held.Process, Signals.Stop);
        run.Await(r => r.Recoveries > recoveries, $"kill {kill}: a smaller world");
        long until = run.See(r => r.Step) + ShrunkSteps;
        run.Await(r => r.Step >= until, $"kill {kill}: steps of the smaller world");
        Signals.Send(held.Process, Signals.Continue);
    }

    private static IEnumerable<double> Intervals(List<StepLine> steps) => steps.Zip(steps.Skip(1), (a, b) => (b.At - a.At).TotalSeconds / Math.Max(1, b.Step - a.Step));

    private static void Print(string mode, List<Stall> stalls, double quiet)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{mode}: {stalls.Count} kills, quiet step {quiet:0.000} s                median      p95      max"));
        (string Name, Func<Stall, double> Of)[] rows =
        [
            ("detect", s => s.Detect), ("agree", s => s.Agree), ("warm", s => s.Warm), ("connect", s => s.Connect), ("transfer", s => s.Transfer), ("redo", s => s.Redo),
            ("stall without redo", s => s.Ready), ("stall: wall time of the step less a quiet one", s => s.Wall), ("all until the next kill less quiet steps", s => s.Total),
            ("from the signal until the world was whole again", s => s.Whole),
        ];
        foreach ((string name, Func<Stall, double> of) in rows)
        {
            Console.WriteLine($"  {name,-46} {Spread.Of(stalls.Select(of))} s");
        }

        Console.WriteLine($"  {"moved",-46} {Spread.Of(stalls.Select(s => s.MovedBytes / 1e6))} MB");
        Console.WriteLine($"  {"groups computed again",-46} {Spread.Of(stalls.Select(s => (double)s.Groups))}");
        foreach (Stall slow in stalls.OrderByDescending(s => s.Ready).Take(3))
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  slow: {slow.Ready:0.000} s = detect {slow.Detect:0.000} + agree {slow.Agree:0.000} + (warm {slow.Warm:0.000}, connect {slow.Connect:0.000}, transfer {slow.Transfer:0.000}); {slow.Kind}"));
        }

        Console.WriteLine($"  steps lost: {stalls.Sum(s => s.StepsLost)} in all; {string.Join(", ", stalls.GroupBy(s => s.Kind).OrderBy(g => g.Key).Select(g => $"{g.Key} {g.Count()}"))}");
    }

    private static string Figure(List<Stall> stalls)
    {
        Spread stall = Spread.Of(stalls.Select(s => s.Ready));
        Spread aim = Spread.Of(stalls.Select(s => 0.5 + (s.MovedBytes / 1e9)));
        int met = stalls.Count(s => s.Ready <= 0.5 + (s.MovedBytes / 1e9));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"stall without redo, with a spare: median {stall.Median:0.000} s, p95 {stall.P95:0.000} s; aim 0.5 s + moved / (1 GB/s) = {aim.Median:0.000} s, met by {met} of {stalls.Count}");
    }
}

using System.Globalization;
using Olmo.Model.Numerics;

namespace Olmo.Recovery;

/// <summary>Kills by a Poisson process on the clock, victims drawn uniformly from the living members of the world; the run must end with the bits of a quiet one.</summary>
internal static class Storm
{
    private const double ShareOfStall = 5;

    public static int Run(Bench bench)
    {
        int steps = bench.Number("steps", 300);
        string only = bench.Option("only") ?? "6,1";
        bool passed = true;
        List<string> figures = [];
        foreach (string mean in only.Split(','))
        {
            int apart = int.Parse(mean, CultureInfo.InvariantCulture);
            // A step must be long beside the stall and beside a process's start, and hundreds of them under fire short enough to be run. What a dead rank had of a group is lost: groups are small.
            BenchModel model = bench.Model(1024, 7, "small") with { Groups = 24 };
            passed &= One(bench, model, steps, apart, ranks: apart == 1 ? 3 : 2, replicas: apart == 1 ? 3 : 2, bar: apart == 1 ? 0.85 : 0.97, out string figure);
            figures.Add(figure);
        }

        Console.WriteLine($"{string.Join("; ", figures)}: {(passed ? "passed" : "FAILED")}");
        return passed ? 0 : 1;
    }

    private static bool One(Bench bench, BenchModel model, int steps, int apart, int ranks, int replicas, double bar, out string figure)
    {
        string[] settings =
        [
            $"ranks.count={ranks}", "ranks.spares=1", "ranks.threads=1", $"state.replicas={replicas}", $"run.steps={steps}", "checkpoint.interval=2", "checkpoint.keep=2", "compute.micro-batch=1",
        ];
        Console.WriteLine($"{model}; {ranks} ranks, R = {replicas}, one spare; {steps} steps, kills {apart} steps apart in the mean; {Bench.Load}");
        string expected;
        double quiet;
        using (WatchedRun calm = bench.Start($"quiet-{apart}", model, settings))
        {
            expected = calm.Finish(3600);
            List<StepLine> lines = RunFiles.Steps(calm.Folder);
            quiet = Spread.MedianOf(lines.Skip(3).Zip(lines.Skip(4), (a, b) => (b.At - a.At).TotalSeconds));
            bench.Forget(calm);
        }

        using WatchedRun run = bench.Start($"storm-{apart}", model, settings);
        List<DateTimeOffset> kills = [];
        DateTimeOffset began = run.Now;
        RandomStream random = new(2, $"storm-{apart}");
        ulong drawn = 0;
        double due = 0;
        while (true)
        {
            due += -Elementary.Log(random.Uniform(drawn++)) * apart * quiet;
            if (!run.Pass(Math.Max(0, due - (run.Now - began).TotalSeconds)) || run.See(r => r.Step) >= steps)
            {
                break; // the last step is done: what follows is no training
            }

            RankSight[] members = run.See(r => r.Members);
            if (members.Length > 0)
            {
                kills.Add(run.Kill(members[(int)random.Below((ulong)members.Length, drawn++)]));
            }
        }

        bool isEqual = run.Finish(600) == expected;
        List<StepLine> done = RunFiles.Steps(run.Folder);
        List<RecoveryLine> recoveries = [.. RunFiles.Recoveries(run.Folder).Where(r => r.Kind != "Start" || r.Generation > 1)];
        bench.Forget(run);
        double[] withSpare = [.. recoveries.Where(r => r.Kind != "Growth" && r.Members == ranks).Select(r => r.Agree + r.Form + r.Abandoned)];
        double stall = Spread.MedianOf(withSpare);
        bool isValid = quiet >= ShareOfStall * stall;
        double wall = (done[^1].At - began).TotalSeconds;
        int attempted = steps - 1 + recoveries.Sum(r => r.Attempts + (int)r.StepsLost); // an attempt ends with its generation, also where that only grew
        int forced = steps - 1 + recoveries.Where(r => r.Kind != "Growth").Sum(r => r.Attempts + (int)r.StepsLost);
        double committed = (double)(steps - 1) / attempted;
        double free = Elementary.Exp(-1.0 / apart);
        int fallbacks = recoveries.Count(r => r.Kind is "Checkpoint" or "Start");
        double needed = bar * free;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  quiet step {quiet:0.000} s = {quiet / stall:0.0} x the median stall of {stall:0.000} s with a spare ({withSpare.Length} of them){(isValid ? "" : " (INVALID: not 5 times; longer sequences are needed)")}; {kills.Count} kills, {wall / quiet / kills.Count:0.00} steps apart in the mean, {recoveries.Count} changes of the world ({string.Join(", ", recoveries.GroupBy(r => r.Kind).Select(g => $"{g.Key} {g.Count()}"))})"));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  committed {steps - 1} of {attempted} attempts; {steps - 1} steps in {wall:0.0} s; {forced} attempts where growth ends none; bits {(isEqual ? "equal" : "DIFFERENT")}; {Bench.Load}"));
        figure = string.Create(
            CultureInfo.InvariantCulture,
            $"kills {apart} steps apart: committed / attempted {committed:0.000} (bar {needed:0.000}), productive / wall {(steps - 1) * quiet / wall:0.000}, double-fault fallbacks {fallbacks}, bits {(isEqual ? "equal" : "DIFFERENT")}{(isValid ? "" : ", INVALID")}");
        Console.WriteLine("  " + figure);
        return isEqual && committed >= needed && isValid;
    }
}

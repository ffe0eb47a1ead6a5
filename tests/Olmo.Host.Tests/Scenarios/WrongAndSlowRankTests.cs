using Olmo.Actors.Runs;
using Olmo.Actors.Worlds;
using Olmo.Host.Tests.Nodes;
using Olmo.Host.Tests.Processes;
using static Olmo.Host.Tests.Scenarios.ScenarioRun;

namespace Olmo.Host.Tests.Scenarios;

/// <summary>Ranks that compute wrong, hang, are slow, freeze, or are not fit.</summary>
[Collection(ScenariosCollection.Name)]
public sealed class WrongAndSlowRankTests(ScenarioRuns runs)
{
    private const ulong Seed = 6198; // run.seed
    private const int Groups = 6;
    private static readonly string[] ShortLadder = ["ranks.silence=2 s", "ranks.operation-timeout=3 s", "ranks.step-timeout=5 s", "ranks.supervisor-timeout=8 s"];

    [ScenarioFact]
    public Task F26a_BitFlipSum()
    {
        string[] guards = ["equal-digests"];
        return Scenario.Run(nameof(F26a_BitFlipSum), guards, async () =>
        {
            ScenarioRun run = new(runs, guards);

            string output = await run.Complete(["{ do = flip-sum, rank = 3, step = 8 }"], TwoRanks);

            Says(output, "^sums of step 8 are void .*at fault: rank 3");
            SaysNot(output, "generation 2");
            await run.Check(output);
        });
    }

    [ScenarioFact]
    public Task F26a_BitFlipSum_OfWhoAnnouncesLast()
    {
        string[] guards = ["full-set"];
        return Scenario.Run(nameof(F26a_BitFlipSum_OfWhoAnnouncesLast), guards, async () =>
        {
            // Its sums have long been whole elsewhere: nobody applies them before it has announced its own.
            ScenarioRun run = new(runs, guards);

            string output = await run.Complete([Late("summed", "3", 8, 500), "{ do = flip-sum, rank = 3, step = 8 }"], TwoRanks);

            Says(output, "^sums of step 8 are void .*at fault: rank 3");
            SaysNot(output, "generation 2");
            await run.Check(output);
        });
    }

    [ScenarioFact]
    public Task F26b_BitFlipGradient()
    {
        string[] guards = ["audit"];
        return Scenario.Run(nameof(F26b_BitFlipGradient), guards, async () =>
        {
            const int Interval = 4;
            const int Step = 3 * Interval;
            AuditDuty duty = AuditPlan.DutyOf(Seed, Interval, Step, 2, Groups, p => GroupMask.Range(p * Groups / 2, (p + 1) * Groups / 2));
            ScenarioRun run = new(runs, guards);

            string output = await run.Complete(
                [$"{{ do = flip-gradient, rank = {duty.Subject + 2}, step = {Step}, group = {duty.Group} }}"],
                [.. TwoRanks, $"audit.interval={Interval}", "checkpoint.interval=2", "checkpoint.max-lag=0"]);

            Says(output, $"^CONVICTED: rank {duty.Subject + 2} computed group {duty.Group} of step {Step} wrong: back to step {Step - Interval}");
            Says(output, $"^checkpoint of step {Step - 2} is suspect");
            Says(output, $"^rank {duty.Subject + 2}: ended by signal 9");
            Says(output, $"^resumed from step {Step - Interval} of");
            RunEvent[] events = await Invariants.Read<RunEvent>(run.Folder, "run");
            Assert.Equal((duty.Subject + 2, Step - Interval), Assert.Single(events.OfType<RankConvicted>()) is var c ? (c.RankId, (int)c.CleanStep) : default);
            (_, string list) = await OlmoProcess.Run(["checkpoint", "list", run.Folder]);
            Says(list, " SUSPECT$");
            await run.Check(output, lostAtMost: Interval);
        });
    }

    [ScenarioFact]
    public Task F26b_RepeatOffender_IsQuarantined()
    {
        string[] guards = ["place-quarantine"];
        return Scenario.Run(nameof(F26b_RepeatOffender_IsQuarantined), guards, async () =>
        {
            // The fault is the place's, not the process's: whoever is started there computes step 12 wrong, as often as it is tried. Of three ranks the third decides who is wrong.
            const int Interval = 4;
            const int Step = 3 * Interval;
            AuditDuty duty = AuditPlan.DutyOf(Seed, Interval, Step, 3, Groups, p => GroupMask.Range(p * Groups / 3, (p + 1) * Groups / 3));
            int place = duty.Subject;
            ScenarioRun run = new(runs, guards);

            using OlmoProcess process = run.Start(
                [$"{{ do = flip-gradient, place = {place}, step = {Step}, once = false }}"],
                [.. ThreeTwins, $"audit.interval={Interval}", "ranks.convicted-rest=0 s", "supervision.max-faults=3"]);
            string output = await Complete(process);

            Says(output, $"^CONVICTED: rank {place + 2} computed group [0-9] of step {Step} wrong");
            Says(output, $"^rank {place + 2}: computed wrong: place {place} is not used for 00:00:00, time 1");
            Says(output, $"^CONVICTED: rank 5 computed group [0-9] of step {Step} wrong");
            Says(output, $"^rank 5: computed wrong: place {place} is quarantined and not used any more, time 2");
            RunEvent[] events = await Invariants.Read<RunEvent>(run.Folder, "run");
            Assert.Equal([place + 2, 5], events.OfType<RankConvicted>().Select(c => c.RankId));
            Assert.Equal($"{place} 2\n", await File.ReadAllTextAsync(Path.Combine(run.Folder, "processes", "convicted-places")));
            (_, string status) = await OlmoProcess.Run(["status", run.Folder]);
            Says(status, $"^places      {place} is quarantined");
            await run.Check(output, lostAtMost: 4 * Interval);
        });
    }

    [ScenarioFact]
    public Task F21_StuckThread()
    {
        string[] guards = ["step-watch"];
        return Scenario.Run(nameof(F21_StuckThread), guards, async () =>
        {
            ScenarioRun run = new(runs, guards);
            using OlmoProcess process = run.Start(["{ do = hang, at = forward, rank = 3, step = 14 }"], [.. TwoRanks, .. ShortLadder]);
            await process.Next("Hung: rank 3 hangs");

            string output = await Complete(process);

            string report = await File.ReadAllTextAsync(Path.Combine(run.Folder, "hangs", "hang-generation-1.txt"));
            Says(report, "^verdict: Replace 3");
            Says(report, "^rank 3: in section Forward of step 14 .*too long");
            WentOnFromSurvivors(output);
            await run.Check(output);
        });
    }

    [ScenarioFact]
    public Task F18_SlowNode()
    {
        string[] guards = ["slow-watch"];
        return Scenario.Run(nameof(F18_SlowNode), guards, async () =>
        {
            ScenarioRun run = new(runs, guards);

            string output = await run.Complete(
                ["{ do = slow, at = forward, rank = 3, step = 1, steps = 1000, duration = 40 ms, once = false, pass = 0 }"], [.. TwoRanks, "ranks.slow-window=4"]);

            Says(output, "^rank 3 computes at [0-9]+ ?% of the fastest rank's speed \\(up to step (8|12)\\)");
            SaysNot(output, "generation 2");
            await run.Check(output);
        });
    }

    [ScenarioFact]
    public Task F18_SlowNode_IsSentTheSumsOfOthersBeforeItsOwnAreWhole()
    {
        string[] guards = ["own-only"];
        return Scenario.Run(nameof(F18_SlowNode_IsSentTheSumsOfOthersBeforeItsOwnAreWhole), guards, async () =>
        {
            ScenarioRun run = new(runs, guards);

            string output = await run.Complete([Late("forward", "3", 8, 500)], TwoRanks);

            SaysNot(output, "generation 2");
            await run.Check(output);
        });
    }

    [ScenarioFact]
    public Task F18_SlowNode_IsReplacedByASpare()
    {
        string[] guards = ["slow-watch"];
        return Scenario.Run(nameof(F18_SlowNode_IsReplacedByASpare), guards, async () =>
        {
            ScenarioRun run = new(runs, guards);

            string output = await run.Complete(
                ["{ do = slow, at = forward, rank = 3, step = 1, steps = 1000, duration = 400 ms, once = false, pass = 0 }"], // until the spare is ready
                [.. TwoRanks, "ranks.spares=1", "ranks.slow-window=4", "ranks.slow-policy=replace"]);

            Says(output, "^rank 3 computes at [0-9]+ ?% of the fastest rank's speed");
            Says(output, "^goes on from step [0-9]+ of .*ranks 2,4: rank 3 is slow: a spare takes its place");
            WentOnFromSurvivors(output);
            await run.Check(output);
        });
    }

    [ScenarioFact]
    public Task F17_HalfOpenConnection()
    {
        string[] guards = ["silence-watch", "step-watch"]; // either finds it; the first in a fraction of the time
        return Scenario.Run(nameof(F17_HalfOpenConnection), guards, async () =>
        {
            // The peer has vanished: no link of it carries a byte, and none is closed. Its process ends only as the node kills it.
            ScenarioRun run = new(runs, guards);
            using OlmoProcess process = run.Start(["{ do = lose-link, at = forward, rank = 3, step = 8 }"], [.. TwoRanks, .. ShortLadder]);
            await process.Next("^rank 3: is silent");
            await process.Next("^rank 3: ended by signal 9");

            string output = await Complete(process);

            Says(output, "^goes on from step [67] of .*generation [0-9]+, ranks 2,4");
            WentOnFromSurvivors(output);
            await run.Check(output);
        });
    }

    [ScenarioFact]
    public Task F17_HalfOpenMesh()
    {
        string[] guards = ["silence-watch"];
        return Scenario.Run(nameof(F17_HalfOpenMesh), guards, async () =>
        {
            // Only the connection between the two is gone; each says that the other is silent, and nobody is evicted.
            ScenarioRun run = new(runs, guards);
            using OlmoProcess process = run.Start(["{ do = lose-link, at = forward, rank = 3, step = 8, link = mesh }"], TwoRanks);
            await process.Next("^fault at step .*nothing was heard of position");

            string output = await Complete(process);

            Says(output, "^goes on from step [67] of .*generation 2, ranks 2,3");
            SaysNot(output, "ended by signal");
            WentOnFromSurvivors(output);
            await run.Check(output);
        });
    }

    [ScenarioFact]
    public Task F20_SigstopRank()
    {
        string[] guards = ["silence-watch"];
        return Scenario.Run(nameof(F20_SigstopRank), guards, async () =>
        {
            ScenarioRun run = new(runs, guards);
            using OlmoProcess process = run.Start(
                ["{ do = freeze, at = forward, rank = 3, step = 8 }", Pace(300, fromStep: 9)], ["ranks.count=2", "ranks.min=2", "ranks.spares=1", "ranks.silence=2 s"]);
            await process.Next("^rank 2: started");
            int frozen = ChildSight.ProcessId(await process.Next("^rank 3: started"));
            await process.Next("^goes on from step [67]");

            ChildSight.Signal(frozen, ChildSight.Continue);
            await process.Next("^rank 3: ended by signal 9");

            string output = await Complete(process);
            Says(output, "^rank 3: is silent");
            WentOnFromSurvivors(output);
            await run.Check(output);
        });
    }

    [ScenarioFact]
    public Task F46_SpareIsBad()
    {
        string[] guards = ["self-test"];
        return Scenario.Run(nameof(F46_SpareIsBad), guards, async () =>
        {
            ScenarioRun run = new(runs, guards);

            string output = await run.Complete(["{ do = fail-self-test, rank = 4 }", Kill("forward", "3", 12), Pace(100)], [.. TwoRanks, "ranks.spares=1"]);

            Says(output, "^rank 4: failed its self-test, time 1 in place 2");
            SaysNot(output, "ranks [0-9,]*\\b4\\b");
            WentOnFromSurvivors(output);
            await run.Check(output);
        });
    }
}

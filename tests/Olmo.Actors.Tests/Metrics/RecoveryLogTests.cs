using System.Text.Json;
using Olmo.Actors.Metrics;
using Olmo.Actors.Ranks;
using Olmo.Actors.Runs;
using Olmo.Runtime.Actor;
using Olmo.Runtime.Hosting;
using Olmo.TestKit.VirtualTime;

namespace Olmo.Actors.Tests.Metrics;

/// <summary>The file of recoveries: one line a change of the world, whichever word comes first.</summary>
public sealed class RecoveryLogTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("olmo-recoveries-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Line_StepAfterTheWorld_HasTheStep()
    {
        JsonElement line = Assert.Single(await LinesOf(Step(1, 5), World(2, 5), Step(2, 6)));

        Assert.Equal((2, 6, 0), (line.GetProperty("generation").GetInt32(), line.GetProperty("first_step").GetInt32(), line.GetProperty("steps_lost").GetInt32()));
        Assert.Equal("PartialBase", line.GetProperty("kind").GetString());
    }

    [Fact]
    public async Task Line_StepBeforeTheWorld_HasTheStepAndNoStepIsLost()
    {
        JsonElement line = Assert.Single(await LinesOf(Step(1, 5), Step(2, 5), Step(2, 6), Step(2, 7), World(2, 5)));

        Assert.Equal((6, 0), (line.GetProperty("first_step").GetInt32(), line.GetProperty("steps_lost").GetInt32()));
    }

    [Fact]
    public async Task Line_WorldFromAnOlderStep_CountsTheStepsLostOnce()
    {
        JsonElement[] lines = [.. await LinesOf(Step(1, 9), World(2, 5), World(3, 5), Step(3, 6))];

        Assert.Equal([4, 0], lines.Select(l => l.GetProperty("steps_lost").GetInt32()));
        Assert.Equal([0, 6], lines.Select(l => l.GetProperty("first_step").GetInt32()));
    }

    private async Task<IReadOnlyList<JsonElement>> LinesOf(params object[] published)
    {
        string path = Path.Combine(_folder, "recoveries.jsonl");
        VirtualTimeProvider time = new();
        ActorSystem system = new ActorSystemOptions().CreateSystem("test");
        IActorRef log = system.ActorOf(Props.Create(() => new RecoveryLog(path, time)), "log");
        foreach (object one in published)
        {
            log.Tell(one, ActorRefs.NoSender);
        }

        log.Tell(PoisonPill.Instance, ActorRefs.NoSender);
        await log.WatchAsync();
        await system.Terminate();
        return [.. (await File.ReadAllLinesAsync(path)).Select(l => JsonDocument.Parse(l).RootElement)];
    }

    private static StepCompleted Step(long generation, long step) =>
        new(0, generation, step, 1, 0, 1, 1e-3, false, 60, 60 * step, TimeSpan.FromSeconds(1), TimeSpan.Zero, 1, 1);

    private static WorldRecovered World(long generation, long stateStep) => new(
        generation, RecoveryKind.PartialBase, [1, 3], [2], stateStep, stateStep, 6, 0, 5, 1, DateTimeOffset.UnixEpoch,
        new RecoveryTimes(default, default, default, default, default, default, default, default, default, default), "why");
}

using Olmo.Host.Nodes;
using Olmo.Host.Recipes;

namespace Olmo.Host.Tests.Nodes;

/// <summary>What a recipe says of ranks, and what it may not say.</summary>
public sealed class WorldKeysTests : IDisposable
{
    private static readonly HashSet<int> None = [];
    private readonly string _recipe = Path.GetTempFileName();

    public void Dispose() => File.Delete(_recipe);

    [Fact]
    public void Defaults_OneRankInTheCommandsOwnProcess()
    {
        WorldKeys keys = Read();

        Assert.Equal((1, 0, 1, false, 1), (keys.Ranks, keys.Spares, keys.Min, keys.UsesProcesses, keys.Replicas));
        Assert.Null(keys.FrozenCoordinator);
        Assert.True(keys.OperationTimeout < keys.StepTimeout && keys.StepTimeout < keys.SupervisorTimeout);
    }

    [Fact]
    public void SeveralRanks_AreProcessesInTwoReplicas()
    {
        WorldKeys keys = Read("ranks.count=3", "ranks.threads=1");

        Assert.Equal((3, 1, true, 2), (keys.Ranks, keys.Threads, keys.UsesProcesses, keys.Replicas));
    }

    [Fact]
    public void Threads_WithoutAWord_ShareTheMachine()
    {
        WorldKeys keys = Read("ranks.count=2");

        Assert.Equal(Math.Max(1, Environment.ProcessorCount / 2), keys.Threads);
        Assert.Equal(4, Read("ranks.count=2", "compute.threads=4").Threads);
    }

    [Fact]
    public void Processors_AreGivenOnlyWhereThereIsOneForEveryThread()
    {
        WorldKeys keys = Read("ranks.count=2", "ranks.threads=2", "ranks.spares=1");

        Assert.Equal([2, 3], keys.ProcessorsOf(1, 6, None));
        Assert.Empty(keys.ProcessorsOf(1, 5, None));
        Assert.Empty(Read("ranks.count=2", "ranks.threads=2", "ranks.bind=false").ProcessorsOf(1, 6, None));
    }

    [Fact]
    public void Ranks_WhoseThreadsTakeAllProcessors_LeaveNoneToOthers()
    {
        WorldKeys keys = Read("ranks.count=2", "ranks.threads=2", "ranks.spares=1");

        Assert.True(keys.TakesAll(6));
        Assert.False(keys.TakesAll(7));
        Assert.False(keys.TakesAll(5)); // where processors are shared nobody is bound
        Assert.False(Read("ranks.count=2", "ranks.threads=2", "ranks.bind=false").TakesAll(4));
    }

    [Fact]
    public void Processors_OfAPlaceBeyondThem_AreThoseOfNoPlaceToAvoid()
    {
        WorldKeys keys = Read("ranks.count=2", "ranks.threads=2");

        Assert.Empty(keys.ProcessorsOf(2, 4, None));
        Assert.Equal([0, 1], keys.ProcessorsOf(2, 4, new HashSet<int> { 1 }));
        Assert.Equal([4, 5], keys.ProcessorsOf(2, 6, new HashSet<int> { 1 }));
    }

    [Theory]
    [InlineData("ranks.operation-timeout=60 s", "ranks.step-timeout", "more than ranks.operation-timeout = 00:01:00")]
    [InlineData("ranks.step-timeout=10 m", "ranks.supervisor-timeout", "more than ranks.step-timeout = 00:10:00")]
    [InlineData("ranks.silence=5 m", "ranks.supervisor-timeout", "more than ranks.silence = 00:05:00")]
    [InlineData("ranks.min=2", "ranks.min", "at most ranks.count = 1")]
    [InlineData("state.replicas=2", "state.replicas", "at most ranks.count = 1")]
    [InlineData("ranks.count=13", "ranks.count", "at most batch.groups = 12")]
    public void Rule_OverTwoKeys_NamesBothValues(string setting, string key, string expected)
    {
        string message = Assert.Throws<UsageException>(() => Read(setting)).Message;

        Assert.Contains($"{key} has a wrong value, found ", message, StringComparison.Ordinal);
        Assert.Contains($"expected {expected}", message, StringComparison.Ordinal);
    }

    private WorldKeys Read(params string[] settings) => RecipeReader.Read(_recipe, settings, _ => null).World;
}

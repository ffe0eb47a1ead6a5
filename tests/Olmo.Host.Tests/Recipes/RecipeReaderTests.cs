using Olmo.Host.Recipes;
using Olmo.Runtime.Hocon;

namespace Olmo.Host.Tests.Recipes;

public sealed class RecipeReaderTests : IDisposable
{
    private readonly string _file = Path.Combine(Directory.CreateTempSubdirectory("olmo-recipe-").FullName, "my.conf");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_file)!, recursive: true);

    [Fact]
    public void Read_EmptyRecipe_HasTheReferencesValues()
    {
        Recipe recipe = Read("run.steps = 10");

        Assert.Equal("runs/run", recipe.Run.Folder);
        Assert.Equal(10, recipe.Run.Steps);
        Assert.Equal(64, recipe.Shards);
        Assert.Null(recipe.Checkpoints.MaxLag);
    }

    [Fact]
    public void Read_Override_Wins() => Assert.Equal(7, Read("run.steps = 10", "run.steps=7").Run.Steps);

    [Fact]
    public void Read_EqualNumbersInOtherSpelling_AreTheSameNumericSetting() =>
        Assert.Equal(Read("optimizer.learning-rate = 1e-3").NumericSettings["optimizer.learning-rate"], Read("optimizer.learning-rate = 0.0010").NumericSettings["optimizer.learning-rate"]);

    [Fact]
    public void Reference_EveryKey_IsMarkedNumericOrOperational()
    {
        string[] unmarked = [.. RecipeReader.Schema().Keys.Where(k => k.IsNumeric == k.IsOperational).Select(k => k.Path)];

        Assert.Empty(unmarked);
    }

    [Fact]
    public void Reference_KeysThatDecideBits_AreNumericAndPlacesAreNot()
    {
        IReadOnlyDictionary<string, string> numeric = Read("").NumericSettings;

        Assert.Contains("optimizer.learning-rate", numeric.Keys);
        Assert.Contains("run.seed", numeric.Keys);
        Assert.Contains("compute.dtype", numeric.Keys);
        Assert.Equal("\"cpu\"", numeric["compute.device"]);
        Assert.DoesNotContain("compute.threads", numeric.Keys);
        Assert.DoesNotContain("compute.micro-batch", numeric.Keys);
        Assert.DoesNotContain("compute.recompute", numeric.Keys);
        Assert.DoesNotContain("run.folder", numeric.Keys);
    }

    [Theory]
    [InlineData("optimiser.learning-rate = 1e-3", "my.conf:2: unknown key optimiser.learning-rate, the nearest known key is optimizer.learning-rate")]
    [InlineData("model.widht = 64", "my.conf:2: unknown key model.widht, the nearest known key is model.width")]
    [InlineData("checkpoint { intervall = 5 }", "my.conf:2: unknown key checkpoint.intervall, the nearest known key is checkpoint.interval")]
    [InlineData("model.width = wide", "my.conf:2: model.width has a wrong type, found 'wide', expected a whole number")]
    [InlineData("batch.groups = 0", "my.conf:2: batch.groups has a wrong value, found 0, expected a value from 1 to 8192")]
    [InlineData("optimizer.beta1 = 1.0", "my.conf:2: optimizer.beta1 has a wrong value, found 1.0, expected a value from 0 to below 1")]
    [InlineData("data.source = csv", "my.conf:2: data.source has a wrong value, found 'csv', expected one of dotnet-documentation, text, jsonl")]
    [InlineData("data.source = text", "my.conf:2: data.path has a wrong value")]
    [InlineData("model.width = 66", "my.conf:2: model.heads has a wrong value, found 4, expected a divisor of model.width = 66")]
    [InlineData("model.heads = 3", "my.conf:2: model.heads has a wrong value, found 3, expected a divisor of model.width = 256 that leaves an even head width")]
    [InlineData("checkpoint.garbage-grace = 10 parsecs", "my.conf:2: checkpoint.garbage-grace has a wrong value, found '10 parsecs', expected a duration such as")]
    [InlineData("compute.device = gpu", "my.conf:2: compute.device has a wrong value, found 'gpu', expected one of cpu, cuda")]
    [InlineData("compute.micro-batch = 4", "my.conf:2: compute.micro-batch has a wrong value, found 4, expected at most batch.sequences-per-group = 1")]
    [InlineData("run { name = \"a/b\" }", "my.conf:2: run.name has a wrong value, found \"a/b\", expected 1 to 64 letters, digits, '-', '_' or '.'")]
    [InlineData("run.steps = = 3", "my.conf:2")]
    public void Read_WrongRecipe_SaysFileLineKeyAndWhatIsExpected(string line, string expected)
    {
        UsageException error = Assert.Throws<UsageException>(() => Read(line));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ManyProblems_ReportsAllOfThem()
    {
        UsageException error = Assert.Throws<UsageException>(() => Read("model.widht = 1\nbatch.groups = 0\nrun.name = \"\""));

        Assert.Equal(3, error.Message.Split('\n').Length);
    }

    [Fact]
    public void Read_WrongValueAndBrokenRulesOverOthers_ReportsAllAtOnce()
    {
        UsageException error = Assert.Throws<UsageException>(() => Read("model.heads = 3\nbatch.groups = 0\ncompute.micro-batch = 4"));

        Assert.Equal(["batch.groups", "compute.micro-batch", "model.heads"], error.Message.Split('\n').Select(line => line.Split(' ')[1]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Read_SettingsOfTheActorEngine_MayHaveAnyKey() => Assert.Contains("throughput", Read("akka.actor.default-dispatcher.throughput = 5").Resolved, StringComparison.Ordinal);

    [Fact]
    public void Read_WrongOverride_NamesTheOption()
    {
        UsageException error = Assert.Throws<UsageException>(() => Read("", "model.widht=3"));

        Assert.Contains("--set model.widht: unknown key model.widht", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_FileThatIsNotThere_NamesIt() =>
        Assert.Contains("absent.conf", Assert.Throws<UsageException>(() => RecipeReader.Read("absent.conf", [], _ => null)).Message, StringComparison.Ordinal);

    private Recipe Read(string text, params string[] overrides)
    {
        File.WriteAllText(_file, "# a recipe\n" + text + "\n");
        return RecipeReader.Read(_file, overrides, _ => null);
    }
}

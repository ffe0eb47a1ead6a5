using Olmo.Actors.Drills;
using Olmo.Host.Recipes;

namespace Olmo.Host.Tests.Recipes;

public sealed class DrillKeysTests : IDisposable
{
    private readonly string _file = Path.Combine(Directory.CreateTempSubdirectory("olmo-recipe-").FullName, "my.conf");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_file)!, recursive: true);

    [Fact]
    public void Read_NoDrill_IsEmpty() => Assert.True(Read("run.steps = 1").Drill.IsEmpty);

    [Fact]
    public void Read_FaultsAndGuards_AreThoseOfTheRecipeAndOfItsResolvedForm()
    {
        Recipe recipe = Read(
            "run.steps = 1", "drill.faults=[{ do = kill, at = forward, rank = 3, step = 5, pass = 1 }, { do = flip-transfer, rank = coordinator, once = false, duration = 2 s, steps = 4 }, { do = lose-link, at = sums, link = mesh }]",
            "drill.without=[survivors, exact-base]");
        File.WriteAllText(_file, recipe.Resolved);
        DrillSettings again = RecipeReader.Read(_file, [], _ => null).Drill;

        DrillFault[] expected =
        [
            new(0, DrillAct.Kill, "forward", 3, 5, -1, 1),
            new(1, DrillAct.FlipTransfer, "", DrillFault.Coordinator, Duration: TimeSpan.FromSeconds(2), Steps: 4, IsOnce: false),
            new(2, DrillAct.LoseLink, "sums", Link: DrillLinks.Mesh),
        ];
        Assert.Equal(expected, recipe.Drill.Faults);
        Assert.Equal(["survivors", "exact-base"], recipe.Drill.Without);
        Assert.Equal(expected, again.Faults);
        Assert.Equal(recipe.Drill.Without, again.Without);
    }

    [Theory]
    [InlineData("drill.without = [no-such]", "my.conf:2: drill.without has a wrong value")]
    [InlineData("drill.faults = [{ do = explode }]", "my.conf:2: drill.faults[0].do has a wrong value, found 'explode', expected one of kill, freeze, hang")]
    [InlineData("drill.faults = [{ do = kill }]", "my.conf:2: drill.faults[0].at has a wrong value")]
    [InlineData("drill.faults = [{ do = kill, at = foward }]", "my.conf:2: drill.faults[0].at has a wrong value")]
    [InlineData("drill.faults = [{ do = kill, at = forward, rank = first }]", "my.conf:2: drill.faults[0].rank has a wrong value")]
    [InlineData("drill.faults = [{ do = kill, at = forward, when = 3 }]", "my.conf:2: unknown key drill.faults[0].when")]
    public void Read_Mistake_NamesFileAndLine(string line, string expected) =>
        Assert.Contains(expected, Assert.Throws<UsageException>(() => Read($"run.steps = 1\n{line}")).Message, StringComparison.Ordinal);

    private Recipe Read(string text, params string[] overrides)
    {
        File.WriteAllText(_file, text);
        return RecipeReader.Read(_file, overrides, _ => null);
    }
}

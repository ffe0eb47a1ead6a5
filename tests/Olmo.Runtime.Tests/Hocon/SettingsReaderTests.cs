using Olmo.Runtime.Hocon;

namespace Olmo.Runtime.Tests.Hocon;

public sealed class SettingsReaderTests
{
    private const string Reference = """
        # numeric
        model {
          # Width of the residual stream.
          d-model = 128
          layers = 4 # Number of blocks.
        }
        # operational
        run {
          folder = "runs"
          timeout = 30s
          memory = 1GiB
          loud = false
          color = auto   # one of auto, never
          token = null   # secret. Token of the hub.
          shift = 0.5    # numeric
        }
        vars {} # any-keys
        # numeric
        sources {
          "*" { path = null, weight = 1.0, note = "" }
        }
        # numeric, template
        stages = [ { name = null, steps = 10 } ]
        """;

    private static readonly SettingsSchema Schema = SettingsSchema.Parse(HoconDocument.Parse(Reference, "reference.conf"));

    private static SettingsReader Open(string recipe, params string[] overrides)
    {
        HoconDocument layers = HoconDocument.Parse(recipe, "recipe.conf");
        foreach (string o in overrides)
        {
            layers = HoconDocument.ParseOverride(o).WithFallback(layers);
        }

        return SettingsReader.Open(Schema, layers, name => name == "HUB_TOKEN" ? "s3cret" : null);
    }

    [Fact]
    public void Schema_OfTheReference_KnowsMarksAndDescriptions()
    {
        Dictionary<string, SettingsKey> keys = Schema.Keys.ToDictionary(k => k.Path, StringComparer.Ordinal);

        Assert.Equal(
            ["model.d-model", "model.layers", "run.folder", "run.timeout", "run.memory", "run.loud", "run.color", "run.token", "run.shift", "sources.*.path", "sources.*.weight", "sources.*.note", "stages[].name", "stages[].steps"],
            Schema.Keys.Select(k => k.Path));
        Assert.Equal(new SettingsKey("model.d-model", true, false, false, "Width of the residual stream."), keys["model.d-model"]);
        Assert.Equal("Number of blocks.", keys["model.layers"].Description);
        Assert.True(keys["run.shift"].IsNumeric && !keys["run.shift"].IsOperational);
        Assert.True(keys["run.token"] is { IsSecret: true, IsOperational: true });
        Assert.All(Schema.Keys, k => Assert.True(k.IsNumeric != k.IsOperational, k.Path));
    }

    [Fact]
    public void Defaults_WithoutRecipe_AreRead()
    {
        SettingsReader reader = Open("");

        Assert.Equal(128, reader.Int32("model.d-model"));
        Assert.Equal(TimeSpan.FromSeconds(30), reader.Section("run").Duration("timeout"));
        Assert.Equal(1L << 30, reader.SizeBytes("run.memory"));
        Assert.False(reader.Boolean("run.loud"));
        Assert.Null(reader.OptionalText("run.token"));
        Assert.Empty(reader.Sections("sources"));
        Assert.Empty(reader.Elements("stages"));
        reader.ThrowIfErrors();
    }

    [Theory]
    [InlineData("model.d-modle = 1", "recipe.conf:1: unknown key model.d-modle, the nearest known key is model.d-model")]
    [InlineData("\nmodel {\n  layer = 3 }", "recipe.conf:3: unknown key model.layer, the nearest known key is model.layers")]
    [InlineData("modle.layers = 3", "recipe.conf:1: unknown key modle.layers, the nearest known key is model.layers")]
    [InlineData("modle {}", "recipe.conf:1: unknown key modle, the nearest known key is model")]
    [InlineData("run.d-model = 3", "recipe.conf:1: unknown key run.d-model, the nearest known key is model.d-model")]
    [InlineData("sources.web.wieght = 3", "recipe.conf:1: unknown key sources.web.wieght, the nearest known key is sources.*.weight")]
    [InlineData("stages = [\n { name = a, stpes = 3 } ]", "recipe.conf:2: unknown key stages[0].stpes, the nearest known key is stages[].steps")]
    [InlineData("model = 5", "recipe.conf:1: model is a section, found 5, expected keys in braces")]
    public void Key_UnknownOrNoSection_NamesPlaceAndNearest(string recipe, string message) =>
        Assert.Equal(message, Assert.Single(Open(recipe).Errors).ToString());

    [Fact]
    public void Values_Wrong_AreAllReportedWithPlaceAndExpectation()
    {
        SettingsReader reader = Open("""
            model.d-model = wide
            model.layers = 0
            run {
              timeout = 3 sec
              memory = 1KB
              loud = 1
              color = red
              folder = ""
            }
            """, "run.shift=half");

        reader.Int32("model.d-model");
        reader.Int32("model.layers", least: 1);
        reader.Duration("run.timeout");
        reader.SizeBytes("run.memory");
        reader.Boolean("run.loud");
        reader.Choice("run.color", "auto", "never");
        reader.Text("run.folder");
        reader.Double("run.shift");

        SettingsException error = Assert.Throws<SettingsException>(reader.ThrowIfErrors);
        Assert.Equal(
            """
            recipe.conf:1: model.d-model has a wrong type, found 'wide', expected a whole number
            recipe.conf:2: model.layers has a wrong value, found 0, expected a value of at least 1
            recipe.conf:4: run.timeout has a wrong value, found '3 sec', expected a duration such as 500ms, 30s or 1.5h (units ns us ms s m h d)
            recipe.conf:5: run.memory has a wrong value, found '1KB', expected kB (1000 bytes) or KiB (1024 bytes)
            recipe.conf:6: run.loud has a wrong type, found '1', expected true or false (also yes, on, no, off)
            recipe.conf:7: run.color has a wrong value, found 'red', expected one of auto, never
            recipe.conf:8: run.folder has a wrong value, found "", expected a text that is not empty
            --set run.shift: run.shift has a wrong type, found 'half', expected a number
            """, error.Message);
    }

    [Fact]
    public void Section_Unknown_IsReportedKeyByKey() => Assert.Equal(
        [
            "recipe.conf:1: unknown key modle.layers, the nearest known key is model.layers",
            "recipe.conf:1: unknown key modle.d-model, the nearest known key is model.d-model",
        ],
        Open("modle { layers = 3, d-model = 4 }").Errors.Select(e => e.ToString()));

    [Theory]
    [InlineData("run.shift = 1", "recipe.conf:1: run.shift has a wrong value, found 1, expected a value from 0 to below 1")]
    [InlineData("run.shift = -0.5", "recipe.conf:1: run.shift has a wrong value, found -0.5, expected a value from 0 to below 1")]
    public void Number_AtTheOpenEndOrBelow_IsRefused(string recipe, string message)
    {
        SettingsReader reader = Open(recipe);

        reader.DoubleBelow("run.shift", 0, 1);

        Assert.Equal(message, Assert.Single(reader.Errors).ToString());
    }

    [Theory]
    [InlineData("model.layers = 3", "recipe.conf:1: model.layers has a wrong value, found 3, expected a divisor of 128")]
    [InlineData("model { layers = 3, d-model = wide }", "recipe.conf:1: model.d-model has a wrong type, found 'wide', expected a whole number")]
    [InlineData("model.layers = 0", "recipe.conf:1: model.layers has a wrong value, found 0, expected a value of at least 1")]
    public void Rule_OverKeys_IsLookedAtOnlyWhereTheyReadWell(string recipe, string message)
    {
        SettingsReader reader = Open(recipe);
        int width = reader.Int32("model.d-model", 1);
        int layers = reader.Int32("model.layers", 1);

        reader.Require("model.layers", () => width % layers == 0, () => $"a divisor of {width}", "model.d-model");

        Assert.Equal(message, Assert.Single(reader.Errors).ToString());
    }

    [Fact]
    public void Templates_ForNamedChildrenAndElements_GiveDefaults()
    {
        SettingsReader reader = Open("""
            sources { web { path = a }, "my books" { path = b, weight = 0.25 } }
            stages = [ { name = first }, { name = second, steps = 20 } ]
            """);

        Assert.Equal(["web:a:1", "my books:b:0.25"], reader.Sections("sources").Select(s => $"{s.Key}:{s.Value.Text("path")}:{s.Value.Double("weight")}"));
        Assert.Equal(["first:10", "second:20"], reader.Elements("stages").Select(s => $"{s.Text("name")}:{s.Int64("steps")}"));
        reader.ThrowIfErrors();
    }

    [Fact]
    public void NumericValues_OfTwoRecipes_ShowChangesWithBothValues()
    {
        SettingsReader was = Open("sources.web { path = a }, stages = [ { name = x } ], run.folder = one");
        SettingsReader now = Open("sources.web { path = a, weight = 2.50 }, stages = [ { name = x, steps = 11 } ], run.folder = two, model.d-model = 128.0");

        Assert.Equal(
            ["sources.web.weight: 1 -> 2.5", "stages[0].steps: 10 -> 11"],
            SettingsChange.Between(was.NumericValues(), now.NumericValues()).Select(c => c.ToString()));
    }

    [Fact]
    public void Secret_FromTheEnvironment_IsReadAndNeverRendered()
    {
        SettingsReader reader = Open("run.token = ${?HUB_TOKEN}");

        Assert.Equal("s3cret", reader.Secret("run.token"));
        Assert.DoesNotContain("s3cret", reader.Render(), StringComparison.Ordinal);
        Assert.Contains("token = \"(redacted)\"", reader.Render(), StringComparison.Ordinal);
        reader.ThrowIfErrors();
    }

    [Fact]
    public void Secret_WrittenIntoTheRecipe_IsRefusedWithoutBeingShown()
    {
        SettingsReader reader = Open("run.token = hunter2");

        Assert.Null(reader.Secret("run.token"));
        reader.Int32("run.token");

        Assert.Equal(2, reader.Errors.Count);
        Assert.All(reader.Errors, e => Assert.DoesNotContain("hunter2", e.ToString(), StringComparison.Ordinal));
        Assert.StartsWith("recipe.conf:1: run.token is a secret", reader.Errors[0].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Override_OfTextThatIsNoHocon_IsTakenLiterally()
    {
        SettingsReader reader = Open("vars.base = 3, run.shift = ${vars.base}", "run.folder=c:/a=b:c", "model.layers = 7");

        Assert.Equal("c:/a=b:c", reader.Text("run.folder"));
        Assert.Equal(7, reader.Int32("model.layers"));
        Assert.Equal(3.0, reader.Double("run.shift"));
        reader.ThrowIfErrors();
    }

    [Fact]
    public void Getter_OfAKeyThatTheReferenceLacks_Throws() =>
        Assert.Throws<InvalidOperationException>(() => Open("").Int32("model.heads"));

    [Fact]
    public void Value_WithoutDefaultAndNotSet_IsAnError()
    {
        SettingsReader reader = Open("sources.web { weight = 1 }");

        reader.Sections("sources")[0].Value.Text("path");

        Assert.EndsWith("sources.web.path is not set and has no default", Assert.Single(reader.Errors).ToString(), StringComparison.Ordinal);
    }
}

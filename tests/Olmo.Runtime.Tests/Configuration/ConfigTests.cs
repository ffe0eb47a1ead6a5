using Olmo.Runtime.Configuration;

namespace Olmo.Runtime.Tests.Configuration;

public sealed class ConfigTests
{
    [Fact]
    public void Getters_OfMissingPaths_GiveDefaults()
    {
        Config config = ConfigurationFactory.Empty;

        Assert.True(config.IsEmpty);
        Assert.Equal(0, config.GetInt("a.b"));
        Assert.Equal(7L, config.GetLong("a.b", 7));
        Assert.Null(config.GetString("a.b"));
        Assert.False(config.GetBoolean("a.b"));
        Assert.Null(config.GetByteSize("a.b"));
        Assert.Equal(TimeSpan.Zero, config.GetTimeSpan("a.b"));
        Assert.True(config.GetConfig("a.b").IsEmpty);
        Assert.Empty(config.GetStringList("a.b"));
        Assert.False(config.HasPath("a.b"));
    }

    [Fact]
    public void Getters_OfValues_Read()
    {
        Config config = "akka { t = 1500ms, inf = infinite, size = 64KiB, on = on, d = 0.5, l = [a, 1], s = text, n = null }";

        Assert.Equal(TimeSpan.FromMilliseconds(1500), config.GetTimeSpan("akka.t"));
        Assert.Equal(Timeout.InfiniteTimeSpan, config.GetTimeSpan("akka.inf"));
        Assert.Equal(65536L, config.GetByteSize("akka.size"));
        Assert.True(config.GetBoolean("akka.on"));
        Assert.Equal(0.5, config.GetDouble("akka.d"));
        Assert.Equal(["a", "1"], config.GetStringList("akka.l"));
        Assert.Equal("text", config.GetConfig("akka").GetString("s"));
        Assert.Equal("default", config.GetString("akka.n", "default"));
    }

    [Theory]
    [InlineData("t = -1s")]
    [InlineData("t = soon")]
    [InlineData("t = {}")]
    public void GetTimeSpan_OfWrongValue_NamesThePath(string text)
    {
        ConfigurationException error = Assert.Throws<ConfigurationException>(() => ConfigurationFactory.ParseString(text).GetTimeSpan("t"));

        Assert.StartsWith("text:1: t has a wrong ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fallback_UnderSubstitutions_IsSeenByThem()
    {
        Config config = ConfigurationFactory.ParseString("a = ${b}, l = ${l} [2]").WithFallback("b = 5, l = [1]");

        Assert.Equal(5, config.GetInt("a"));
        Assert.Equal(["1", "2"], config.GetStringList("l"));
        Assert.Equal(5, ("c = 1" + config).GetInt("a"));
        Assert.Equal(9, (config + "d = 9").GetInt("d"));
    }

    [Fact]
    public void ParseString_OfNoHocon_IsAConfigurationException() =>
        Assert.Contains("text:2", Assert.Throws<ConfigurationException>(() => ConfigurationFactory.ParseString("a = 1\nb = }")).Message, StringComparison.Ordinal);
}

using Olmo.Runtime.Actor;
using Olmo.Runtime.Configuration;

namespace Olmo.Runtime.TestKit;

/// <summary>Waiting times of a test kit, from <c>akka.test</c>.</summary>
public class TestKitSettings : IExtension
{
    internal const string Reference = """
        akka.test {
          # Factor on every waiting time, for slow machines.
          timefactor = 1.0
          # How long an expectation waits.
          single-expect-default = 3 s
          # How long other waits last.
          default-timeout = 5 s
          # How long an event filter waits for what is missing.
          filter-leeway = 3 s
        }
        """;

    public TestKitSettings(Config config)
    {
        ArgumentNullException.ThrowIfNull(config);
        Config all = config.WithFallback(ConfigurationFactory.ParseString(Reference));
        TestTimeFactor = all.GetDouble("akka.test.timefactor");
        SingleExpectDefault = all.GetTimeSpan("akka.test.single-expect-default", allowInfinite: false);
        DefaultTimeout = all.GetTimeSpan("akka.test.default-timeout", allowInfinite: false);
        TestEventFilterLeeway = all.GetTimeSpan("akka.test.filter-leeway", allowInfinite: false);
    }

    public TimeSpan DefaultTimeout { get; }

    public TimeSpan SingleExpectDefault { get; }

    public TimeSpan TestEventFilterLeeway { get; }

    public double TestTimeFactor { get; }
}

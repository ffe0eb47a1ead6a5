using Olmo.Runtime.Actor;
using Olmo.Runtime.Configuration;
using Olmo.Runtime.Hosting;

namespace Olmo.TestKit.VirtualTime;

/// <summary>
/// A test kit whose system runs on a clock that the test moves. Expectations wait in real time, which a busy machine may hold up for seconds: they have patience unless the test says otherwise,
/// and those that nothing comes should follow <see cref="Settle"/> instead of waiting.
/// </summary>
public abstract class VirtualTimeTestKit : Runtime.TestKit.Xunit2.TestKit
{
    private static readonly Config Patience = ConfigurationFactory.ParseString("akka.test.single-expect-default = 30 s");

    protected VirtualTimeTestKit(Config? config = null, Func<ActorSystemOptions, ActorSystemOptions>? options = null)
        : base(NewSystem(config, options)) => Clock = (VirtualTimeProvider)((ActorSystemImpl)Sys).Options.Time;

    /// <summary>The system's clock.</summary>
    protected VirtualTimeProvider Clock { get; }

    /// <summary>Moves the clock from due time to due time, waiting at each until all actors are idle.</summary>
    protected void AdvanceAndSettle(TimeSpan by) => Clock.AdvanceAndSettle(by);

    /// <summary>Waits until all actors are idle.</summary>
    protected void Settle() => Clock.Settle();

    /// <summary>A system on a clock of its own that counts its activity, as <see cref="VirtualTimeProvider.Settle"/> needs.</summary>
    public static ActorSystem NewSystem(Config? config = null, Func<ActorSystemOptions, ActorSystemOptions>? options = null, string name = "test")
    {
        VirtualTimeProvider clock = new();
        ActorSystemOptions given = new() { Time = clock, TrackActivity = true, ShutDownOnProcessExit = false };
        ActorSystem system = (options is null ? given : options(given)).CreateSystem(name, (config ?? Config.Empty).WithFallback(Patience));
        clock.Attach(system);
        return system;
    }
}

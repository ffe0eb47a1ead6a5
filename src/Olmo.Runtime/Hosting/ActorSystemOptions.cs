using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Olmo.Runtime.Actor;
using Olmo.Runtime.Configuration;

namespace Olmo.Runtime.Hosting;

/// <summary>What a host hands to a system: clock, log, seed and the services behind its extensions.</summary>
public sealed record ActorSystemOptions
{
    /// <summary>Clock of everything: scheduler, Ask, receive timeouts, restart windows.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where the log goes; null: nowhere.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>Seed of everything random in the runtime (jitter of delays).</summary>
    public ulong Seed { get; init; }

    /// <summary>Services that parts of the runtime look up by type, such as the journal.</summary>
    public ImmutableDictionary<Type, object> Extensions { get; init; } = ImmutableDictionary<Type, object>.Empty;

    /// <summary>How long a stop or restart waits for a handler that awaits; infinite waits for ever.</summary>
    public TimeSpan HandlerGrace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Strategy of <c>/user</c> for the actors at the top; null for the one that the configuration names.</summary>
    public SupervisorStrategy? GuardianStrategy { get; init; }

    /// <summary>Whether the coordinated shutdown runs when the process exits; null for what the configuration says.</summary>
    public bool? ShutDownOnProcessExit { get; init; }

    /// <summary>Whether the system counts its running mailboxes, so that a test can wait until all are idle.</summary>
    public bool TrackActivity { get; init; }

    /// <summary>Makes a system with these options.</summary>
    public ActorSystem CreateSystem(string name) => CreateSystem(name, Config.Empty);

    /// <summary>Makes a system with these options and a configuration.</summary>
    public ActorSystem CreateSystem(string name, Config config) => new ActorSystemImpl(name, config, this);
}

using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Olmo.Runtime.Actor;

namespace Olmo.Runtime.Hosting;

/// <summary>What a host hands to a system: clock, log and the services behind its extensions.</summary>
public sealed record ActorSystemOptions
{
    /// <summary>Clock of everything: timers, timeouts, restart windows.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where the log goes; null: nowhere.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>Services that parts of the runtime look up by type, such as the journal.</summary>
    public ImmutableDictionary<Type, object> Extensions { get; init; } = ImmutableDictionary<Type, object>.Empty;

    /// <summary>Makes a system with these options.</summary>
    public ActorSystem CreateSystem(string name) => ActorSystem.Create(name, this);
}

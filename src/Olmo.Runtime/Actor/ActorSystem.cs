using Olmo.Runtime.Configuration;
using Olmo.Runtime.Event;

namespace Olmo.Runtime.Actor;

/// <summary>
/// A tree of actors: <c>/user</c> for the application, <c>/system</c> for the runtime, <c>/temp</c> for the answers of Ask. A clock, a
/// logger factory and a seed are given through <see cref="Hosting.ActorSystemOptions"/>.
/// </summary>
public abstract class ActorSystem : IActorRefFactory, IDisposable
{
    protected ActorSystem()
    {
    }

    public abstract string Name { get; }

    public abstract Settings Settings { get; }

    public abstract IScheduler Scheduler { get; }

    public abstract EventStream EventStream { get; }

    public abstract ILoggingAdapter Log { get; }

    public abstract IActorRef DeadLetters { get; }

    /// <summary>Ends when every actor has stopped and the termination callbacks have run.</summary>
    public abstract Task WhenTerminated { get; }

    public TimeSpan Uptime => Scheduler.MonotonicClock;

    /// <exception cref="ArgumentException">The name does not match [a-zA-Z0-9][a-zA-Z0-9-_]*.</exception>
    public static ActorSystem Create(string name) => new Hosting.ActorSystemOptions().CreateSystem(name);

    public static ActorSystem Create(string name, Config config) => new Hosting.ActorSystemOptions().CreateSystem(name, config);

    public abstract IActorRef ActorOf(Props props, string? name = null);

    public abstract ActorSelection ActorSelection(ActorPath actorPath);

    public abstract ActorSelection ActorSelection(string actorPath);

    public abstract void Stop(IActorRef actor);

    /// <summary>Runs the coordinated shutdown, whose last phase stops the system.</summary>
    public abstract Task Terminate();

    /// <summary>Registers an action to run after the last actor has stopped; the latest runs first.</summary>
    public abstract void RegisterOnTermination(Action code);

    /// <summary>Terminates and waits for the end.</summary>
    public void Dispose()
    {
        Terminate().GetAwaiter().GetResult();
        WhenTerminated.GetAwaiter().GetResult();
        GC.SuppressFinalize(this);
    }
}

/// <summary>What a system was configured with.</summary>
public sealed class Settings
{
    internal Settings(Config config) => Config = config;

    /// <summary>The given configuration over the runtime's defaults.</summary>
    public Config Config { get; }
}

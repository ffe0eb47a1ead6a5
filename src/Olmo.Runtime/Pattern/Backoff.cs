using Olmo.Runtime.Actor;

namespace Olmo.Runtime.Pattern;

/// <summary>Makes options of a <see cref="BackoffSupervisor"/>.</summary>
public static class Backoff
{
    /// <summary>
    /// Starts the child again, later and later, whenever it has stopped. A child that throws is treated by the supervisor's own
    /// strategy, without a delay, unless <see cref="BackoffOptions.WithDefaultStoppingStrategy"/> is used: event-sourced actors, which
    /// stop themselves when their storage fails, need this form with the stopping strategy.
    /// </summary>
    public static BackoffOptions OnStop(Props childProps, string childName, TimeSpan minBackoff, TimeSpan maxBackoff, double randomFactor) =>
        OnStop(childProps, childName, minBackoff, maxBackoff, randomFactor, -1);

    /// <summary>As above, with at most <paramref name="maxNrOfRetries"/> restarts (negative for no limit).</summary>
    public static BackoffOptions OnStop(Props childProps, string childName, TimeSpan minBackoff, TimeSpan maxBackoff, double randomFactor, int maxNrOfRetries) =>
        BackoffSettings.Of(BackoffKind.OnStop, childProps, childName, minBackoff, maxBackoff, randomFactor, maxNrOfRetries);

    /// <summary>Delays the restarts of a child that throws, and ends itself when the child stops by itself.</summary>
    public static BackoffOptions OnFailure(Props childProps, string childName, TimeSpan minBackoff, TimeSpan maxBackoff, double randomFactor) =>
        OnFailure(childProps, childName, minBackoff, maxBackoff, randomFactor, -1);

    /// <summary>As above, with at most <paramref name="maxNrOfRetries"/> restarts (negative for no limit).</summary>
    public static BackoffOptions OnFailure(Props childProps, string childName, TimeSpan minBackoff, TimeSpan maxBackoff, double randomFactor, int maxNrOfRetries) =>
        BackoffSettings.Of(BackoffKind.OnFailure, childProps, childName, minBackoff, maxBackoff, randomFactor, maxNrOfRetries);
}

/// <summary>Options of a <see cref="BackoffSupervisor"/>; each method returns changed ones.</summary>
public abstract class BackoffOptions
{
    private protected BackoffOptions()
    {
    }

    internal abstract BackoffSettings Settings { get; }

    /// <summary>Forgets the restarts once the child has run for this long; the default is the least delay.</summary>
    public abstract BackoffOptions WithAutoReset(TimeSpan resetBackoff);

    /// <summary>Forgets the restarts only on <see cref="BackoffSupervisor.Reset"/>.</summary>
    public abstract BackoffOptions WithManualReset();

    /// <summary>Keeps the decider of this strategy and, where it has one, its limit of retries.</summary>
    public abstract BackoffOptions WithSupervisorStrategy(OneForOneStrategy supervisorStrategy);

    /// <summary>A child that throws is stopped, so that its restart is delayed as well.</summary>
    public abstract BackoffOptions WithDefaultStoppingStrategy();

    public abstract BackoffOptions WithMaxNrOfRetries(int maxNrOfRetries);

    /// <summary>Answers messages that come while there is no child with this.</summary>
    public abstract BackoffOptions WithReplyWhileStopped(object replyWhileStopped);

    /// <summary>A child that stops after such a message is not started again, and the supervisor ends (OnStop only).</summary>
    public abstract BackoffOptions WithFinalStopMessage(Func<object, bool> isFinalStopMessage);
}

internal enum BackoffKind
{
    OnStop,
    OnFailure,
}

/// <summary>The values behind the options. Reset null is a manual reset.</summary>
internal sealed record BackoffSettings(
    BackoffKind Kind,
    Props Child,
    string Name,
    TimeSpan Min,
    TimeSpan Max,
    double RandomFactor,
    TimeSpan? Reset,
    int Retries,
    OneForOneStrategy Strategy,
    object? ReplyWhileStopped,
    Func<object, bool>? IsFinalStop)
{
    public static BackoffOptions Of(BackoffKind kind, Props child, string name, TimeSpan min, TimeSpan max, double randomFactor, int retries)
    {
        ArgumentNullException.ThrowIfNull(child);
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(min, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(max, min);
        ArgumentOutOfRangeException.ThrowIfNegative(randomFactor);
        return new Options(new BackoffSettings(
            kind, child, name, min, max, randomFactor, min, retries, new OneForOneStrategy(SupervisorStrategy.DefaultDecider), null, null));
    }

    /// <summary>min(max, min · 2ⁿ) · (1 + u · factor), with u in [0, 1).</summary>
    public TimeSpan Delay(int restarts, double unit)
    {
        double factor = restarts >= 62 ? double.PositiveInfinity : 1L << restarts;
        double ticks = Math.Min(Max.Ticks, Min.Ticks * factor) * (1 + (unit * RandomFactor));
        return TimeSpan.FromTicks((long)Math.Min(ticks, TimeSpan.FromDays(49).Ticks));
    }

    private sealed class Options(BackoffSettings settings) : BackoffOptions
    {
        internal override BackoffSettings Settings => settings;

        public override BackoffOptions WithAutoReset(TimeSpan resetBackoff) => new Options(settings with { Reset = resetBackoff });

        public override BackoffOptions WithManualReset() => new Options(settings with { Reset = null });

        public override BackoffOptions WithSupervisorStrategy(OneForOneStrategy supervisorStrategy) => new Options(settings with
        {
            Strategy = supervisorStrategy,
            Retries = supervisorStrategy.MaxNumberOfRetries >= 0 ? supervisorStrategy.MaxNumberOfRetries : settings.Retries,
        });

        public override BackoffOptions WithDefaultStoppingStrategy() => new Options(settings with { Strategy = SupervisorStrategy.StoppingStrategy });

        public override BackoffOptions WithMaxNrOfRetries(int maxNrOfRetries) => new Options(settings with { Retries = maxNrOfRetries });

        public override BackoffOptions WithReplyWhileStopped(object replyWhileStopped) => new Options(settings with { ReplyWhileStopped = replyWhileStopped });

        public override BackoffOptions WithFinalStopMessage(Func<object, bool> isFinalStopMessage) => settings.Kind == BackoffKind.OnStop
            ? new Options(settings with { IsFinalStop = isFinalStopMessage })
            : throw new NotSupportedException("A final stop message makes sense with OnStop only: OnFailure ends whenever its child stops.");
    }
}

using Olmo.Runtime.Storage;

namespace Olmo.Runtime.Persistence.TestKit;

/// <summary>What happens to a call of the journal.</summary>
public abstract class JournalBehavior
{
    /// <summary>Nothing special.</summary>
    public static JournalBehavior Pass { get; } = new Behavior((_, _, call) => call());

    /// <summary>Every call fails before anything is written.</summary>
    public static JournalBehavior Fail { get; } = FailIf((_, _) => true);

    /// <summary>Every call succeeds and reports a failure.</summary>
    public static JournalBehavior CommitThenFail { get; } = new Behavior(async (operation, _, call) =>
    {
        await call().ConfigureAwait(false);
        throw Injected(operation);
    });

    /// <summary>Fails the calls that match: operation and events of the request.</summary>
    public static JournalBehavior FailIf(Func<string, IReadOnlyList<StoredEvent>, bool> matches)
    {
        ArgumentNullException.ThrowIfNull(matches);
        return new Behavior((operation, events, call) => matches(operation, events) ? Task.FromException(Injected(operation)) : call());
    }

    /// <summary>Fails the calls that do not match.</summary>
    public static JournalBehavior FailUnless(Func<string, IReadOnlyList<StoredEvent>, bool> matches)
    {
        ArgumentNullException.ThrowIfNull(matches);
        return FailIf((operation, events) => !matches(operation, events));
    }

    /// <summary>Fails requests that hold an event of a manifest.</summary>
    public static JournalBehavior FailOnManifest(string manifest) => FailIf((_, events) => events.Any(e => string.Equals(e.Manifest, manifest, StringComparison.Ordinal)));

    /// <summary>Does as <paramref name="then"/> says, for the k-th call alone (from 1), counted over this behaviour.</summary>
    public static JournalBehavior OnCall(int k, JournalBehavior then)
    {
        ArgumentNullException.ThrowIfNull(then);
        int calls = 0;
        return new Behavior((operation, events, call) => Interlocked.Increment(ref calls) == k ? then.Run(operation, events, call) : call());
    }

    /// <summary>Waits until a task ends, then does as <paramref name="then"/> says.</summary>
    public static JournalBehavior After(Task gate, JournalBehavior? then = null) => new Behavior(async (operation, events, call) =>
    {
        await gate.ConfigureAwait(false);
        await (then ?? Pass).Run(operation, events, call).ConfigureAwait(false);
    });

    /// <summary>Waits for a time of a clock, then does as <paramref name="then"/> says.</summary>
    public static JournalBehavior WithDelay(TimeSpan delay, TimeProvider time, JournalBehavior? then = null) => new Behavior(async (operation, events, call) =>
    {
        await Task.Delay(delay, time).ConfigureAwait(false);
        await (then ?? Pass).Run(operation, events, call).ConfigureAwait(false);
    });

    internal async Task<T> RunAsync<T>(string operation, IReadOnlyList<StoredEvent> events, Func<Task<T>> call)
    {
        Task<T>? made = null;
        await Run(operation, events, () => made = call()).ConfigureAwait(false);
        return await made!.ConfigureAwait(false);
    }

    internal Task RunAsync(string operation, IReadOnlyList<StoredEvent> events, Func<Task> call) => Run(operation, events, call);

    private protected abstract Task Run(string operation, IReadOnlyList<StoredEvent> events, Func<Task> call);

    private static JournalUnavailableException Injected(string operation) => new(operation, new IOException("injected by a test"));

    private sealed class Behavior(Func<string, IReadOnlyList<StoredEvent>, Func<Task>, Task> run) : JournalBehavior
    {
        private protected override Task Run(string operation, IReadOnlyList<StoredEvent> events, Func<Task> call) => run(operation, events, call);
    }
}

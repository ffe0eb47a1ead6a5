using Olmo.Runtime.Persistence.TestKit;
using Olmo.Runtime.Storage;
using Olmo.TestKit.Storage;

namespace Olmo.Runtime.Tests.Storage;

/// <summary>The conformance of a journal behind breakers, and the breakers.</summary>
public sealed class GuardedJournalStoreTests : JournalConformance
{
    private readonly ManualClock _clock = new(DateTimeOffset.UnixEpoch);
    private readonly FaultyJournal _journal = new(new MemoryJournalStore());

    public override Task DisposeAsync() => Task.CompletedTask;

    protected override Task<IJournalStore> OpenAsync() => Task.FromResult<IJournalStore>(
        new GuardedJournalStore(_journal, _clock, new BreakerSettings(2, TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(30)), new BreakerSettings(1, TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(60))));

    private Task<JournalUnavailableException> Fails() => Assert.ThrowsAsync<JournalUnavailableException>(() => Store.ClaimAsync(new("p", 1, "a"), None));

    [Fact]
    public async Task Breaker_AfterFailuresInARow_RefusesUntilAProbeSucceeds()
    {
        int asked = 0;
        _journal.OnRecovery = JournalBehavior.FailIf((_, _) => ++asked > 0);
        await Fails();
        await Fails();
        Assert.Contains("2 calls in a row failed", (await Fails()).Message, StringComparison.Ordinal);
        Assert.Equal(2, asked);

        _clock.Advance(TimeSpan.FromSeconds(29));
        await Fails();
        Assert.Equal(2, asked);
        _clock.Advance(TimeSpan.FromSeconds(1));
        await Fails();
        Assert.Equal(3, asked);
        await Fails();
        Assert.Equal(3, asked);

        _journal.OnRecovery = JournalBehavior.Pass;
        _clock.Advance(TimeSpan.FromSeconds(30));
        await Store.ClaimAsync(new("p", 1, "a"), None);
        await Store.ClaimAsync(new("p", 1, "a"), None);
    }

    [Fact]
    public async Task Breaker_OfFencedWriters_StaysClosed()
    {
        await Store.ClaimAsync(new("p", 9, "a"), None);
        for (int i = 0; i < 5; i++)
        {
            await Assert.ThrowsAsync<FencedException>(() => Store.ClaimAsync(new("p", 1, "b"), None));
        }

        await Store.ClaimAsync(new("p", 9, "c"), None);
    }

    [Fact]
    public async Task Breakers_OfEventsAndSnapshots_AreApart()
    {
        _journal.OnSnapshotLoad = JournalBehavior.Fail;
        await Assert.ThrowsAsync<JournalUnavailableException>(() => Store.LoadSnapshotAsync("p", new(9), None));
        Assert.Contains("1 calls in a row", (await Assert.ThrowsAsync<JournalUnavailableException>(() => Store.LoadSnapshotAsync("p", new(9), None))).Message, StringComparison.Ordinal);

        await Store.ClaimAsync(new("p", 1, "a"), None);
    }

    [Fact]
    public async Task Call_ThatHangs_TimesOutAndSaysThatTheOutcomeIsUnknown()
    {
        _journal.OnRecovery = JournalBehavior.After(new TaskCompletionSource().Task);
        GuardedJournalStore store = new(_journal, TimeProvider.System, new BreakerSettings(2, TimeSpan.FromMilliseconds(20), TimeSpan.FromSeconds(30)));

        JournalUnavailableException error = await Assert.ThrowsAsync<JournalUnavailableException>(() => store.ClaimAsync(new("p", 1, "a"), None));

        Assert.Contains("whether it happened is unknown", error.Message, StringComparison.Ordinal);
    }
}

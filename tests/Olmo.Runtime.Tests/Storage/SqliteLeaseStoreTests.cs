using Olmo.Runtime.Storage;

namespace Olmo.Runtime.Tests.Storage;

public sealed class SqliteLeaseStoreTests : IAsyncLifetime
{
    private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(15);
    private readonly TemporaryDatabase _file = new();
    private SqliteJournalStore _store = null!;

    private ILeaseStore Leases => _store.Leases;

    public async Task InitializeAsync() => _store = await _file.OpenAsync();

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        _file.Dispose();
    }

    private Task<LeaseAnswer> Acquire(string owner, bool holderIsDead = false) => Leases.AcquireAsync("run", owner, Ttl, holderIsDead, default);

    [Fact]
    public async Task Lease_Held_IsNotGivenUntilItExpires()
    {
        LeaseAnswer first = await Acquire("a");
        Assert.Equal(new LeaseAnswer(true, 1, "a", Ttl, _file.Clock.GetUtcNow()), first);

        _file.Clock.Advance(TimeSpan.FromSeconds(14.999));
        LeaseAnswer refused = await Acquire("b");
        Assert.Equal((false, 1L, "a", TimeSpan.FromMilliseconds(1)), (refused.Granted, refused.Token, refused.Owner, refused.Remaining));

        _file.Clock.Advance(TimeSpan.FromMilliseconds(1));
        LeaseAnswer taken = await Acquire("b");
        Assert.Equal((true, 2L), (taken.Granted, taken.Token));
        Assert.False(await Leases.RenewAsync("run", first.Token, Ttl, default));
        Assert.False(await Leases.ReleaseAsync("run", first.Token, default));
        Assert.True(await Leases.RenewAsync("run", taken.Token, Ttl, default));
    }

    [Fact]
    public async Task Lease_Renewed_HoldsFromTheRenewal()
    {
        LeaseAnswer lease = await Acquire("a");
        _file.Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.True(await Leases.RenewAsync("run", lease.Token, Ttl, default));
        _file.Clock.Advance(TimeSpan.FromSeconds(14));

        Assert.False((await Acquire("b")).Granted);
    }

    [Fact]
    public async Task Lease_Released_IsFreeAtOnceUnderAHigherToken()
    {
        LeaseAnswer lease = await Acquire("a");
        Assert.True(await Leases.ReleaseAsync("run", lease.Token, default));
        Assert.False(await Leases.RenewAsync("run", lease.Token, Ttl, default));

        LeaseAnswer next = await Acquire("b");
        Assert.Equal((true, 2L), (next.Granted, next.Token));
    }

    [Fact]
    public async Task Lease_OfADeadHolder_IsTakenAtOnce()
    {
        await Acquire("a");

        Assert.False((await Acquire("b")).Granted);
        Assert.True((await Acquire("b", holderIsDead: true)).Granted);
    }

    [Fact]
    public async Task Lease_OfAnEarlierStartOfTheMachine_IsVoid()
    {
        LeaseAnswer old = await Acquire("a");
        await using SqliteJournalStore afterReboot = await _file.OpenAsync(o => o with { BootId = "boot-2" });

        Assert.False(await afterReboot.Leases.RenewAsync("run", old.Token, Ttl, default));
        Assert.True((await afterReboot.Leases.AcquireAsync("run", "b", Ttl, false, default)).Granted);
    }

    [Fact]
    public async Task Lease_OfTheSameOwner_IsGivenAgainUnderAFreshToken()
    {
        LeaseAnswer first = await Acquire("a");
        LeaseAnswer again = await Acquire("a");

        Assert.True(again.Granted);
        Assert.True(again.Token > first.Token);
        Assert.False(await Leases.RenewAsync("run", first.Token, Ttl, default));
    }

    [Fact]
    public async Task Fences_OfLeasesAndIncarnations_AreOneRisingSequence()
    {
        Assert.Equal(1, await Leases.NextFenceAsync(default));
        Assert.Equal(2, (await Acquire("a")).Token);
        Assert.Equal(3, await Leases.NextFenceAsync(default));
        await Leases.RaiseFencesAsync(100, default);
        await Leases.RaiseFencesAsync(50, default);
        Assert.Equal(101, await Leases.NextFenceAsync(default));
    }

    [Fact]
    public async Task Fence_DrawnByACallThatReportsFailure_IsNotHandedOutAgain()
    {
        _file.Fault = (point, _) =>
        {
            if (point == StorageFaultPoint.AfterCommit)
            {
                _file.Fault = null;
                throw new IOException("fault");
            }
        };
        await Assert.ThrowsAsync<JournalUnavailableException>(() => Leases.NextFenceAsync(default));

        Assert.Equal(2, await Leases.NextFenceAsync(default));
    }
}

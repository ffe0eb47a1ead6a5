using System.Text;
using Olmo.Runtime.Storage;

namespace Olmo.Runtime.Tests.Storage;

/// <summary>What every journal must do; run on each implementation.</summary>
public abstract class JournalConformance : IAsyncLifetime
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    protected IJournalStore Store { get; private set; } = null!;

    protected static CancellationToken None => CancellationToken.None;

    public async Task InitializeAsync() => Store = await OpenAsync();

    public abstract Task DisposeAsync();

    protected abstract Task<IJournalStore> OpenAsync();

    protected static StoredEvent Event(long number, string payload = "{}") => new(number, "e:1", Encoding.UTF8.GetBytes(payload));

    protected static StoredSnapshot Snapshot(long number, int minute = 0) => new(number, Noon.AddMinutes(minute), "s:1", Encoding.UTF8.GetBytes($"{{\"n\":{number}}}"));

    protected async Task<string> NumbersAsync(string id = "p") =>
        string.Join(' ', (await Store.ReplayAsync(id, 1, long.MaxValue, int.MaxValue, None)).Select(e => e.SequenceNr));

    [Fact]
    public async Task Claim_OfANewId_StartsAtZero()
    {
        Assert.Equal(0, await Store.ClaimAsync(new("p", 1, "a"), None));
        Assert.Equal("", await NumbersAsync());
        Assert.Null(await Store.LoadSnapshotAsync("p", new(long.MaxValue), None));
    }

    [Fact]
    public async Task Append_OfTheClaimant_IsReplayedInOrderAndByRange()
    {
        JournalClaim claim = new("p", 1, "a");
        await Store.ClaimAsync(claim, None);
        await Store.AppendAsync(claim, [Event(1, "{\"v\":1}"), Event(2)], None);
        await Store.AppendAsync(claim, [Event(5)], None);

        IReadOnlyList<StoredEvent> all = await Store.ReplayAsync("p", 1, long.MaxValue, 10, None);
        Assert.Equal([1L, 2, 5], all.Select(e => e.SequenceNr));
        Assert.Equal("e:1 {\"v\":1}", $"{all[0].Manifest} {Encoding.UTF8.GetString(all[0].Payload.Span)}");
        Assert.Equal([2L], (await Store.ReplayAsync("p", 2, 4, 10, None)).Select(e => e.SequenceNr));
        Assert.Equal([1L, 2], (await Store.ReplayAsync("p", 1, 9, 2, None)).Select(e => e.SequenceNr));
        Assert.Equal(5, await Store.ClaimAsync(new("p", 1, "b"), None));
    }

    [Fact]
    public async Task Ids_Different_DoNotMeet()
    {
        foreach (string id in (string[])["p", "q"])
        {
            await Store.ClaimAsync(new(id, 1, id), None);
            await Store.AppendAsync(new(id, 1, id), [Event(1)], None);
        }

        await Store.DeleteEventsAsync(new("q", 1, "q"), 1, None);

        Assert.Equal("1", await NumbersAsync("p"));
        Assert.Equal("", await NumbersAsync("q"));
    }

    [Fact]
    public async Task Claim_UnderALowerFence_IsFencedAndNamesTheOwner()
    {
        await Store.ClaimAsync(new("p", 7, "new-node"), None);

        FencedException error = await Assert.ThrowsAsync<FencedException>(() => Store.ClaimAsync(new("p", 6, "old-node"), None));

        Assert.Equal("p", error.PersistenceId);
        Assert.Contains("new-node", error.Message, StringComparison.Ordinal);
        Assert.Contains("7", error.Message, StringComparison.Ordinal);
        Assert.Contains("6", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(7, 7)]
    [InlineData(7, 8)]
    public async Task Writer_ThatAnotherHasReplaced_CanDoNothingMore(long first, long second)
    {
        JournalClaim old = new("p", first, "old");
        await Store.ClaimAsync(old, None);
        await Store.AppendAsync(old, [Event(1), Event(2)], None);
        await Store.SaveSnapshotAsync(old, Snapshot(1), None);
        JournalClaim now = new("p", second, "new");

        Assert.Equal(2, await Store.ClaimAsync(now, None));
        Func<Task>[] writes =
        [
            () => Store.AppendAsync(old, [Event(3)], None),
            () => Store.AppendAsync(old, [Event(30)], None),
            () => Store.DeleteEventsAsync(old, 2, None),
            () => Store.SaveSnapshotAsync(old, Snapshot(2), None),
            () => Store.DeleteSnapshotsAsync(old, new(long.MaxValue), None),
        ];
        foreach (Func<Task> write in writes)
        {
            FencedException error = await Assert.ThrowsAsync<FencedException>(write);
            Assert.Contains("new", error.Message, StringComparison.Ordinal);
        }

        await Store.AppendAsync(now, [Event(3)], None);
        Assert.Equal("1 2 3", await NumbersAsync());
        Assert.Equal(1, (await Store.LoadSnapshotAsync("p", new(long.MaxValue), None))!.SequenceNr);
    }

    [Fact]
    public async Task Writer_WithoutClaim_CanDoNothing()
    {
        await Assert.ThrowsAsync<FencedException>(() => Store.AppendAsync(new("p", 1, "a"), [Event(1)], None));
        await Assert.ThrowsAsync<FencedException>(() => Store.SaveSnapshotAsync(new("p", 1, "a"), Snapshot(1), None));
        Assert.Equal("", await NumbersAsync());
    }

    [Theory]
    [InlineData(2)]
    [InlineData(1)]
    public async Task Number_UsedBefore_IsRefusedWithTheHighest(long number)
    {
        JournalClaim claim = new("p", 1, "a");
        await Store.ClaimAsync(claim, None);
        await Store.AppendAsync(claim, [Event(1), Event(2)], None);

        FencedException error = await Assert.ThrowsAsync<FencedException>(() => Store.AppendAsync(claim, [Event(number), Event(9)], None));

        Assert.Contains($"number {number} was used before, the highest is 2", error.Message, StringComparison.Ordinal);
        Assert.Equal("1 2", await NumbersAsync());
    }

    [Fact]
    public async Task Numbers_OfDeletedEvents_AreNotUsedAgain()
    {
        JournalClaim claim = new("p", 1, "a");
        await Store.ClaimAsync(claim, None);
        await Store.AppendAsync(claim, [Event(1), Event(2), Event(3)], None);

        await Store.DeleteEventsAsync(claim, 2, None);
        Assert.Equal("3", await NumbersAsync());
        await Store.DeleteEventsAsync(claim, long.MaxValue, None);
        Assert.Equal("", await NumbersAsync());

        JournalClaim next = new("p", 1, "b");
        Assert.Equal(3, await Store.ClaimAsync(next, None));
        await Assert.ThrowsAsync<FencedException>(() => Store.AppendAsync(next, [Event(3)], None));
        await Store.AppendAsync(next, [Event(4)], None);
        Assert.Equal("4", await NumbersAsync());
    }

    [Fact]
    public async Task Snapshots_ByRange_AreLoadedReplacedAndDeleted()
    {
        JournalClaim claim = new("p", 1, "a");
        await Store.ClaimAsync(claim, None);
        await Store.SaveSnapshotAsync(claim, Snapshot(30, 3), None);
        await Store.SaveSnapshotAsync(claim, Snapshot(10, 1), None);
        await Store.SaveSnapshotAsync(claim, Snapshot(20, 2), None);
        await Store.SaveSnapshotAsync(claim, Snapshot(20, 4) with { Manifest = "s:2" }, None);

        StoredSnapshot? newest = await Store.LoadSnapshotAsync("p", new(29), None);
        Assert.Equal((20L, "s:2", Noon.AddMinutes(4)), (newest!.SequenceNr, newest.Manifest, newest.CreatedAt));
        Assert.Equal("{\"n\":20}", Encoding.UTF8.GetString(newest.Payload.Span));
        Assert.Equal(10, (await Store.LoadSnapshotAsync("p", new(29, Latest: Noon.AddMinutes(2)), None))!.SequenceNr);
        Assert.Null(await Store.LoadSnapshotAsync("p", new(19, MinSequenceNr: 11), None));
        Assert.Null(await Store.LoadSnapshotAsync("p", new(30, Earliest: Noon.AddMinutes(5)), None));

        await Store.DeleteSnapshotsAsync(claim, new(20, MinSequenceNr: 20), None);
        Assert.Equal(10, (await Store.LoadSnapshotAsync("p", new(29), None))!.SequenceNr);
        await Store.DeleteSnapshotsAsync(claim, new(long.MaxValue), None);
        Assert.Null(await Store.LoadSnapshotAsync("p", new(long.MaxValue), None));
    }
}

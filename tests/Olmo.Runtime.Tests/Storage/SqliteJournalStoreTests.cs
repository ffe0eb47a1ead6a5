using Microsoft.Data.Sqlite;
using Olmo.Runtime.Storage;

namespace Olmo.Runtime.Tests.Storage;

public sealed class SqliteJournalStoreTests : JournalConformance
{
    private readonly TemporaryDatabase _file = new();

    private SqliteJournalStore Sqlite => (SqliteJournalStore)Store;

    public override async Task DisposeAsync()
    {
        await Sqlite.DisposeAsync();
        _file.Dispose();
    }

    protected override async Task<IJournalStore> OpenAsync() => await _file.OpenAsync();

    [Fact]
    public async Task Everything_Written_IsThereAfterReopening()
    {
        JournalClaim claim = new("p", 3, "a");
        await Store.ClaimAsync(claim, None);
        await Store.AppendAsync(claim, [Event(1)], None);
        await Store.SaveSnapshotAsync(claim, Snapshot(1), None);
        await Sqlite.DisposeAsync();

        await using SqliteJournalStore again = await _file.OpenAsync();

        Assert.Equal(1, await again.ClaimAsync(new("p", 3, "b"), None));
        Assert.Single(await again.ReplayAsync("p", 1, 9, 9, None));
        Assert.NotNull(await again.LoadSnapshotAsync("p", new(9), None));
        await Assert.ThrowsAsync<FencedException>(() => again.ClaimAsync(new("p", 2, "c"), None));
    }

    [Fact]
    public async Task Fence_Broken_NamesOwnerTokenAndTime()
    {
        await Store.ClaimAsync(new("p", 7, "node-2/17"), None);

        FencedException error = await Assert.ThrowsAsync<FencedException>(() => Store.AppendAsync(new("p", 5, "node-1/4"), [Event(1)], None));

        Assert.Equal(new JournalOwner("node-2/17", 7, _file.Clock.GetUtcNow()), error.Owner);
        Assert.Equal("'p' is fenced: node-2/17 claimed it with token 7 at 2026-03-01T00:00:00.000Z, this is node-1/4 with token 5", error.Message);
    }

    [Fact]
    public async Task Connection_Settings_AreThoseOfADurableDatabase()
    {
        string modes = await Sqlite.Database.ReadAsync("settings", c =>
        {
            string Value(string pragma)
            {
                using SqliteCommand command = c.CreateCommand();
                command.CommandText = $"PRAGMA {pragma}";
                return command.ExecuteScalar()!.ToString()!;
            }

            return $"{Value("journal_mode")} {Value("synchronous")} {Value("busy_timeout")}";
        }, None);

        Assert.Equal("wal 2 200", modes);
    }

    [Theory]
    [InlineData(StorageFaultPoint.BeforeBegin, 0)]
    [InlineData(StorageFaultPoint.BeforeCommit, 0)]
    [InlineData(StorageFaultPoint.AfterCommit, 1)]
    public async Task Append_FailingAtEachPoint_IsWholeOrAbsentAndNeverARejection(StorageFaultPoint at, int written)
    {
        JournalClaim claim = new("p", 1, "a");
        await Store.ClaimAsync(claim, None);
        await Store.AppendAsync(claim, [Event(1)], None);
        _file.Fault = (point, operation) =>
        {
            if (point == at && operation == "append")
            {
                _file.Fault = null;
                throw new IOException("the disk is full");
            }
        };

        JournalUnavailableException error = await Assert.ThrowsAsync<JournalUnavailableException>(() => Store.AppendAsync(claim, [Event(2), Event(3)], None));

        Assert.Contains("append failed: the disk is full", error.Message, StringComparison.Ordinal);
        Assert.Equal(written == 1 ? "1 2 3" : "1", await NumbersAsync());
        Assert.Equal(written == 1 ? 3 : 1, await Store.ClaimAsync(new("p", 1, "b"), None));
    }

    [Theory]
    [InlineData(StorageFaultPoint.BeforeCommit)]
    [InlineData(StorageFaultPoint.AfterCommit)]
    public async Task Writes_FailingAtTheKthCall_LeaveAReadableStateForEveryK(StorageFaultPoint at)
    {
        int total = 0;
        for (int failing = 1; ; failing++)
        {
            string id = $"id-{at}-{failing}";
            JournalClaim claim = new(id, 1, "a");
            int calls = 0;
            _file.Fault = (point, _) =>
            {
                if (point == at && ++calls == failing)
                {
                    throw new IOException("fault");
                }
            };
            int failures = 0;
            Func<Task>[] story =
            [
                () => Store.ClaimAsync(claim, None),
                () => Store.AppendAsync(claim, [Event(1), Event(2)], None),
                () => Store.SaveSnapshotAsync(claim, Snapshot(2), None),
                () => Store.DeleteEventsAsync(claim, 1, None),
                () => Store.AppendAsync(claim, [Event(3)], None),
                () => Store.DeleteSnapshotsAsync(claim, new(1), None),
            ];
            foreach (Func<Task> write in story)
            {
                try
                {
                    await write();
                }
                catch (JournalUnavailableException)
                {
                    failures++;
                    break;
                }
            }

            _file.Fault = null;
            long highest = await Store.ClaimAsync(new(id, 1, "b"), None);
            IReadOnlyList<StoredEvent> events = await Store.ReplayAsync(id, 1, long.MaxValue, 100, None);
            Assert.Contains(string.Join(' ', events.Select(e => e.SequenceNr)), (string[])["", "1 2", "2", "2 3"]);
            Assert.Equal(events.Count == 0 ? 0 : events[^1].SequenceNr, highest);
            if (failures == 0)
            {
                total = failing;
                break;
            }
        }

        Assert.Equal(7, total);
    }

    [Fact]
    public async Task Database_LockedByAnotherConnection_FailsTypedAfterTheTimeoutAndThenWorks()
    {
        JournalClaim claim = new("p", 1, "a");
        await Store.ClaimAsync(claim, None);
        using (SqliteConnection other = _file.Connect())
        {
            _file.Execute(other, "BEGIN IMMEDIATE");

            long started = TimeProvider.System.GetTimestamp();
            JournalUnavailableException error = await Assert.ThrowsAsync<JournalUnavailableException>(() => Store.AppendAsync(claim, [Event(1)], None));

            Assert.InRange(TimeProvider.System.GetElapsedTime(started).TotalMilliseconds, 150, 60_000);
            Assert.Equal(5, Assert.IsType<SqliteException>(error.InnerException).SqliteErrorCode);
            Assert.Equal("", await NumbersAsync());
            _file.Execute(other, "ROLLBACK");
        }

        await Store.AppendAsync(claim, [Event(1)], None);
        Assert.Equal("1", await NumbersAsync());
    }

    [Fact]
    public async Task Database_LockedForLessThanTheTimeout_IsWaitedFor()
    {
        await using SqliteJournalStore patient = await _file.OpenAsync(o => o with { BusyTimeout = TimeSpan.FromSeconds(60) });
        JournalClaim claim = new("p", 1, "a");
        await patient.ClaimAsync(claim, None);
        using SqliteConnection other = _file.Connect();
        _file.Execute(other, "BEGIN IMMEDIATE");
        TaskCompletionSource begun = new();
        _file.Fault = (point, operation) =>
        {
            if (point == StorageFaultPoint.BeforeBegin && operation == "append")
            {
                begun.SetResult();
            }
        };

        Task append = patient.AppendAsync(claim, [Event(1)], None);
        await begun.Task;
        _file.Execute(other, "COMMIT");
        await append;

        Assert.Equal("1", await NumbersAsync());
    }

    [Fact]
    public async Task Database_Removed_FailsEveryOperationAndIsNeverReplacedByAnEmptyOne()
    {
        JournalClaim claim = new("p", 1, "a");
        await Store.ClaimAsync(claim, None);
        await Store.AppendAsync(claim, [Event(1)], None);
        string aside = _file.Path + ".aside";
        File.Move(_file.Path, aside);

        for (int i = 0; i < 2; i++)
        {
            JournalUnavailableException error = await Assert.ThrowsAsync<JournalUnavailableException>(() => Store.AppendAsync(claim, [Event(2)], None));
            Assert.Contains("is gone", error.Message, StringComparison.Ordinal);
            Assert.False(File.Exists(_file.Path));
        }

        File.WriteAllText(_file.Path, "");
        Assert.Contains("was replaced", (await Assert.ThrowsAsync<JournalUnavailableException>(() => NumbersAsync())).Message, StringComparison.Ordinal);
        File.Move(aside, _file.Path, overwrite: true);
        Assert.Equal("1", await NumbersAsync());
        await Store.AppendAsync(claim, [Event(2)], None);
        Assert.Equal("1 2", await NumbersAsync());
    }

    [Fact]
    public async Task Writers_InTwoProcesses_InterleaveByClaimsWithoutLoss()
    {
        await using SqliteJournalStore second = await _file.OpenAsync(o => o with { BusyTimeout = TimeSpan.FromSeconds(30) });
        SqliteJournalStore[] stores = [Sqlite, second];
        List<long> acknowledged = [];
        long fence = 0;
        for (int round = 0; round < 20; round++)
        {
            SqliteJournalStore mine = stores[round % 2];
            SqliteJournalStore other = stores[(round + 1) % 2];
            JournalClaim claim = new("p", await mine.Leases.NextFenceAsync(None), $"w{round}");
            Assert.True(claim.Fence > fence);
            fence = claim.Fence;
            long highest = await mine.ClaimAsync(claim, None);
            await mine.AppendAsync(claim, [Event(highest + 1)], None);
            acknowledged.Add(highest + 1);
            if (round % 3 == 0)
            {
                await other.ClaimAsync(claim with { Writer = "thief" }, None);
                await Assert.ThrowsAsync<FencedException>(() => mine.AppendAsync(claim, [Event(highest + 2)], None));
            }
        }

        Assert.Equal(string.Join(' ', acknowledged), await NumbersAsync());
    }

    [Fact]
    public async Task Lease_OfAClaim_MustHoldAtEveryWrite()
    {
        LeaseAnswer lease = await Sqlite.Leases.AcquireAsync("run", "node-1", TimeSpan.FromSeconds(15), holderIsDead: false, None);
        JournalClaim claim = new("p", lease.Token, "a") { Lease = "run" };
        await Store.ClaimAsync(claim, None);
        await Store.AppendAsync(claim, [Event(1)], None);

        await Sqlite.Leases.AcquireAsync("run", "node-2", TimeSpan.FromSeconds(15), holderIsDead: true, None);

        FencedException error = await Assert.ThrowsAsync<FencedException>(() => Store.AppendAsync(claim, [Event(2)], None));
        Assert.Contains("the lease 'run' is held by node-2 with token 2, this is a with 1", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<FencedException>(() => Store.DeleteEventsAsync(claim, 1, None));
        await Assert.ThrowsAsync<FencedException>(() => Store.ClaimAsync(claim with { Lease = "absent" }, None));
        Assert.Equal("1", await NumbersAsync());
    }

    [Fact]
    public async Task Append_OfBadNumbers_IsAnArgumentError()
    {
        JournalClaim claim = new("p", 1, "a");
        await Store.ClaimAsync(claim, None);

        await Assert.ThrowsAsync<ArgumentException>(() => Store.AppendAsync(claim, [], None));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.AppendAsync(claim, [Event(0)], None));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.AppendAsync(claim, [Event(2), Event(2)], None));
    }

    [Fact]
    public async Task Queue_Full_FailsAtOnceAndTheWaitingOnesGoThrough()
    {
        await using SqliteJournalStore narrow = await _file.OpenAsync(o => o with { QueueLimit = 1 });
        using ManualResetEventSlim hold = new();
        using SemaphoreSlim holding = new(0);
        _file.Fault = (point, operation) =>
        {
            if (operation == "claim" && point == StorageFaultPoint.BeforeBegin)
            {
                holding.Release();
                hold.Wait();
            }
        };

        Task<long> first = narrow.ClaimAsync(new("p", 1, "a"), None);
        await holding.WaitAsync();
        Task<long> second = narrow.ClaimAsync(new("q", 1, "a"), None);
        JournalUnavailableException error = await Assert.ThrowsAsync<JournalUnavailableException>(() => narrow.ClaimAsync(new("r", 1, "a"), None));
        hold.Set();

        Assert.Contains("1 operations wait", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, await first);
        Assert.Equal(0, await second);
    }

    [Fact]
    public async Task Operation_AfterClosing_FailsTyped()
    {
        await Sqlite.DisposeAsync();

        await Assert.ThrowsAsync<JournalUnavailableException>(() => Store.ClaimAsync(new("p", 1, "a"), None));
    }
}

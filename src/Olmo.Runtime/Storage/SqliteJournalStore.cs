using Dapper;
using Microsoft.Data.Sqlite;

namespace Olmo.Runtime.Storage;

/// <summary>
/// Journal, snapshots, leases and fences in one SQLite file of one machine. Each write is one transaction of one persistence id that first checks the claim in
/// <c>persistence_head</c>; the highest number ever used stays there when events are deleted.
/// </summary>
public sealed class SqliteJournalStore : IJournalStore, IAsyncDisposable
{
    /// <summary>Serialiser id of payloads that are JSON under a manifest <c>name:version</c>.</summary>
    private const int JsonSerializerId = 1000;

    private const string InRange = "persistence_id = @persistenceId AND sequence_number BETWEEN @min AND @max AND created BETWEEN @earliest AND @latest";

    private readonly SqliteDatabase _database;

    private SqliteJournalStore(SqliteDatabase database, SqliteStoreOptions options)
    {
        _database = database;
        Leases = new SqliteLeaseStore(database, options.BootId ?? SqliteLeaseStore.KernelBootId());
    }

    /// <summary>Leases and fences of the same database.</summary>
    public ILeaseStore Leases { get; }

    /// <summary>The connection, for tests of its settings.</summary>
    internal SqliteDatabase Database => _database;

    /// <summary>Opens or creates the database and brings its schema up to date.</summary>
    /// <exception cref="NetworkFileSystemException">The path is on a network file system.</exception>
    /// <exception cref="SchemaVersionException">A newer program wrote it.</exception>
    /// <exception cref="JournalUnavailableException">It cannot be opened.</exception>
    public static async Task<SqliteJournalStore> OpenAsync(SqliteStoreOptions options, CancellationToken cancellationToken = default) =>
        new(await SqliteDatabase.OpenAsync(options, cancellationToken).ConfigureAwait(false), options);

    /// <inheritdoc />
    public Task<long> ClaimAsync(JournalClaim claim, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(claim);
        return _database.WriteAsync("claim", c =>
        {
            RequireLease(c, claim);
            int changed = c.Execute(
                """
                INSERT INTO persistence_head (persistence_id, highest_seq, fence, writer_uuid, claimed_at) VALUES (@PersistenceId, 0, @Fence, @Writer, @at)
                ON CONFLICT (persistence_id) DO UPDATE SET fence = excluded.fence, writer_uuid = excluded.writer_uuid, claimed_at = excluded.claimed_at
                    WHERE persistence_head.fence <= excluded.fence
                """,
                new { claim.PersistenceId, claim.Fence, claim.Writer, at = Now() });
            return changed == 1 ? ReadHead(c, claim.PersistenceId)!.Value.Highest : throw Fenced(c, claim, null);
        }, cancellationToken);
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<StoredEvent>> ReplayAsync(string persistenceId, long fromSequenceNr, long toSequenceNr, int max, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(persistenceId);
        return _database.ReadAsync<IReadOnlyList<StoredEvent>>("replay", c =>
        [
            .. c.Query<(long Number, string Manifest, byte[] Payload)>(
                """
                SELECT sequence_number, manifest, message FROM journal
                WHERE persistence_id = @persistenceId AND sequence_number BETWEEN @fromSequenceNr AND @toSequenceNr AND deleted = 0
                ORDER BY sequence_number LIMIT @max
                """,
                new { persistenceId, fromSequenceNr, toSequenceNr, max }).Select(e => new StoredEvent(e.Number, e.Manifest, e.Payload)),
        ], cancellationToken);
    }

    /// <inheritdoc />
    public Task AppendAsync(JournalClaim claim, IReadOnlyList<StoredEvent> events, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(claim);
        ArgumentNullException.ThrowIfNull(events);
        for (int i = 0; i < events.Count; i++)
        {
            if (events[i].SequenceNr <= (i == 0 ? 0 : events[i - 1].SequenceNr))
            {
                throw new ArgumentException($"numbers of events must ascend from 1, found {events[i].SequenceNr} at {i}", nameof(events));
            }
        }

        return events.Count == 0 ? throw new ArgumentException("there is no event to append", nameof(events)) : _database.WriteAsync("append", c =>
        {
            RequireLease(c, claim);
            int changed = c.Execute(
                """
                UPDATE persistence_head SET highest_seq = @high
                WHERE persistence_id = @PersistenceId AND highest_seq < @low AND fence = @Fence AND writer_uuid = @Writer
                """,
                new { high = events[^1].SequenceNr, low = events[0].SequenceNr, claim.PersistenceId, claim.Fence, claim.Writer });
            return changed == 1 ? Insert(c, claim, events) : throw Fenced(c, claim, events[0].SequenceNr);
        }, cancellationToken);
    }

    /// <inheritdoc />
    public Task DeleteEventsAsync(JournalClaim claim, long toSequenceNr, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(claim);
        return _database.WriteAsync("delete events", c =>
        {
            RequireOwner(c, claim);

            // The row of the highest number stays, emptied: it shows the number to readers that know no head.
            c.Execute(
                """
                DELETE FROM journal WHERE persistence_id = @PersistenceId AND sequence_number <= @toSequenceNr
                    AND sequence_number < (SELECT MAX(sequence_number) FROM journal WHERE persistence_id = @PersistenceId)
                """,
                new { claim.PersistenceId, toSequenceNr });
            return c.Execute(
                "UPDATE journal SET deleted = 1, message = x'' WHERE persistence_id = @PersistenceId AND sequence_number <= @toSequenceNr",
                new { claim.PersistenceId, toSequenceNr });
        }, cancellationToken);
    }

    /// <inheritdoc />
    public Task<StoredSnapshot?> LoadSnapshotAsync(string persistenceId, SnapshotRange range, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(persistenceId);
        ArgumentNullException.ThrowIfNull(range);
        return _database.ReadAsync("load snapshot", c =>
        {
            foreach ((long number, long created, string manifest, byte[] payload) in c.Query<(long, long, string, byte[])>(
                $"SELECT sequence_number, created, manifest, snapshot FROM snapshot WHERE {InRange} ORDER BY sequence_number DESC LIMIT 1", Parameters(persistenceId, range)))
            {
                return new StoredSnapshot(number, DateTimeOffset.FromUnixTimeMilliseconds(created), manifest, payload);
            }

            return null;
        }, cancellationToken);
    }

    /// <inheritdoc />
    public Task SaveSnapshotAsync(JournalClaim claim, StoredSnapshot snapshot, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(claim);
        ArgumentNullException.ThrowIfNull(snapshot);
        return _database.WriteAsync("save snapshot", c =>
        {
            RequireOwner(c, claim);
            return c.Execute(
                """
                INSERT OR REPLACE INTO snapshot (persistence_id, sequence_number, created, snapshot, manifest, serializer_id, writer_uuid, fence)
                VALUES (@PersistenceId, @SequenceNr, @created, @payload, @Manifest, @id, @Writer, @Fence)
                """,
                new { claim.PersistenceId, snapshot.SequenceNr, created = snapshot.CreatedAt.ToUnixTimeMilliseconds(), payload = snapshot.Payload.ToArray(), snapshot.Manifest, id = JsonSerializerId, claim.Writer, claim.Fence });
        }, cancellationToken);
    }

    /// <inheritdoc />
    public Task DeleteSnapshotsAsync(JournalClaim claim, SnapshotRange range, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(claim);
        ArgumentNullException.ThrowIfNull(range);
        return _database.WriteAsync("delete snapshots", c =>
        {
            RequireOwner(c, claim);
            return c.Execute($"DELETE FROM snapshot WHERE {InRange}", Parameters(claim.PersistenceId, range));
        }, cancellationToken);
    }

    /// <summary>Ends the waiting operations and closes the file.</summary>
    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private static object Parameters(string persistenceId, SnapshotRange range) => new
    {
        persistenceId,
        min = range.MinSequenceNr,
        max = range.MaxSequenceNr,
        earliest = range.Earliest?.ToUnixTimeMilliseconds() ?? long.MinValue,
        latest = range.Latest?.ToUnixTimeMilliseconds() ?? long.MaxValue,
    };

    private static (long Highest, JournalOwner Owner)? ReadHead(SqliteConnection c, string persistenceId)
    {
        foreach ((long highest, long fence, string writer, long at) in c.Query<(long, long, string, long)>(
            "SELECT highest_seq, fence, writer_uuid, claimed_at FROM persistence_head WHERE persistence_id = @persistenceId", new { persistenceId }))
        {
            return (highest, new JournalOwner(writer, fence, DateTimeOffset.FromUnixTimeMilliseconds(at)));
        }

        return null;
    }

    private static void RequireOwner(SqliteConnection c, JournalClaim claim)
    {
        RequireLease(c, claim);
        if (ReadHead(c, claim.PersistenceId) is not { } head || head.Owner.Fence != claim.Fence || !string.Equals(head.Owner.Writer, claim.Writer, StringComparison.Ordinal))
        {
            throw Fenced(c, claim, null);
        }
    }

    private static void RequireLease(SqliteConnection c, JournalClaim claim)
    {
        if (claim.Lease is null)
        {
            return;
        }

        foreach ((string? owner, long token) in c.Query<(string?, long)>("SELECT owner, token FROM lease WHERE name = @Lease", new { claim.Lease }))
        {
            if (owner is not null && token == claim.Fence)
            {
                return;
            }

            throw new FencedException(claim.PersistenceId, $"the lease '{claim.Lease}' is {(owner is null ? "free" : $"held by {owner}")} with token {token}, this is {claim.Writer} with {claim.Fence}");
        }

        throw new FencedException(claim.PersistenceId, $"there is no lease '{claim.Lease}', this is {claim.Writer} with {claim.Fence}");
    }

    private static FencedException Fenced(SqliteConnection c, JournalClaim claim, long? number)
    {
        if (ReadHead(c, claim.PersistenceId) is not { } head)
        {
            return new FencedException(claim.PersistenceId, $"{claim.Writer} writes without having claimed it");
        }

        JournalOwner owner = head.Owner;
        bool own = owner.Fence == claim.Fence && string.Equals(owner.Writer, claim.Writer, StringComparison.Ordinal);
        string detail = own
            ? $"number {number} was used before, the highest is {head.Highest}"
            : $"{owner.Writer} claimed it with token {owner.Fence} at {owner.ClaimedAt:yyyy-MM-ddTHH:mm:ss.fffZ}, this is {claim.Writer} with token {claim.Fence}";
        return new FencedException(claim.PersistenceId, detail) { Owner = owner };
    }

    private int Insert(SqliteConnection c, JournalClaim claim, IReadOnlyList<StoredEvent> events)
    {
        using SqliteCommand insert = c.CreateCommand();
        insert.CommandText =
            """
            INSERT INTO journal (persistence_id, sequence_number, created, message, identifier, manifest, writer_uuid, fence)
            VALUES ($id, $number, $created, $message, $serializer, $manifest, $writer, $fence)
            """;
        insert.Parameters.AddWithValue("$id", claim.PersistenceId);
        SqliteParameter number = insert.Parameters.AddWithValue("$number", 0L);
        insert.Parameters.AddWithValue("$created", Now());
        SqliteParameter message = insert.Parameters.AddWithValue("$message", Array.Empty<byte>());
        insert.Parameters.AddWithValue("$serializer", JsonSerializerId);
        SqliteParameter manifest = insert.Parameters.AddWithValue("$manifest", "");
        insert.Parameters.AddWithValue("$writer", claim.Writer);
        insert.Parameters.AddWithValue("$fence", claim.Fence);
        foreach (StoredEvent e in events)
        {
            number.Value = e.SequenceNr;
            message.Value = e.Payload.ToArray();
            manifest.Value = e.Manifest;
            insert.ExecuteNonQuery();
        }

        return events.Count;
    }

    private long Now() => _database.Time.GetUtcNow().ToUnixTimeMilliseconds();
}

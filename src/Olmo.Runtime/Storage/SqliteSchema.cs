using Dapper;
using Microsoft.Data.Sqlite;

namespace Olmo.Runtime.Storage;

/// <summary>
/// Tables and their migrations, one step a version. Journal and snapshot have Akka.Persistence.Sql's columns, with <c>fence</c> added;
/// times are milliseconds since 1970, UTC, but for those of <c>lease</c>, which are monotonic.
/// </summary>
internal static class SqliteSchema
{
    private static readonly string[] Steps =
    [
        """
        CREATE TABLE journal (
            ordering INTEGER PRIMARY KEY AUTOINCREMENT,
            persistence_id TEXT NOT NULL,
            sequence_number INTEGER NOT NULL,
            deleted INTEGER NOT NULL DEFAULT 0,
            created INTEGER NOT NULL,
            message BLOB NOT NULL,
            identifier INTEGER NULL,
            manifest TEXT NOT NULL,
            writer_uuid TEXT NOT NULL,
            fence INTEGER NOT NULL,
            UNIQUE (persistence_id, sequence_number));
        CREATE INDEX journal_created ON journal (created);
        CREATE TABLE snapshot (
            persistence_id TEXT NOT NULL,
            sequence_number INTEGER NOT NULL,
            created INTEGER NOT NULL,
            snapshot BLOB NOT NULL,
            manifest TEXT NOT NULL,
            serializer_id INTEGER NULL,
            writer_uuid TEXT NOT NULL,
            fence INTEGER NOT NULL,
            PRIMARY KEY (persistence_id, sequence_number));
        CREATE TABLE persistence_head (
            persistence_id TEXT PRIMARY KEY,
            highest_seq INTEGER NOT NULL,
            fence INTEGER NOT NULL,
            writer_uuid TEXT NOT NULL,
            claimed_at INTEGER NOT NULL);
        """,
        """
        CREATE TABLE fence_sequence (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            value INTEGER NOT NULL);
        INSERT INTO fence_sequence (id, value)
            SELECT 1, COALESCE(MAX(fence), 0) FROM persistence_head;
        CREATE TABLE lease (
            name TEXT PRIMARY KEY,
            owner TEXT NULL,
            token INTEGER NOT NULL,
            boot_id TEXT NOT NULL,
            expires_at INTEGER NOT NULL,
            ttl_ms INTEGER NOT NULL,
            acquired_at INTEGER NOT NULL);
        """,
    ];

    /// <summary>The version that this program writes.</summary>
    public static int Current => Steps.Length;

    /// <summary>Brings a database up to a version; the caller has begun a transaction that excludes other writers.</summary>
    /// <exception cref="SchemaVersionException">The database is newer than this program.</exception>
    public static void Migrate(SqliteConnection connection, string path, int target, DateTimeOffset now)
    {
        connection.Execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL)");
        int version = connection.ExecuteScalar<int>("SELECT COALESCE(MAX(version), 0) FROM schema_version");
        if (version > Steps.Length)
        {
            throw new SchemaVersionException(path, version, Steps.Length);
        }

        for (int next = version + 1; next <= target; next++)
        {
            connection.Execute(Steps[next - 1]);
            connection.Execute("INSERT INTO schema_version (version, applied_at) VALUES (@next, @at)", new { next, at = now.ToUnixTimeMilliseconds() });
        }
    }
}

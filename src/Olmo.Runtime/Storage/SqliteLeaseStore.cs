using Dapper;
using Microsoft.Data.Sqlite;

namespace Olmo.Runtime.Storage;

/// <summary>
/// Leases of the processes of one machine. Their time is the monotonic clock, which all of them share and nobody sets; it starts anew with the machine, so each row
/// names the start that it belongs to.
/// </summary>
internal sealed class SqliteLeaseStore(SqliteDatabase database, string bootId) : ILeaseStore
{
    /// <summary>The kernel's identity of this start of the machine; empty where it has none.</summary>
    public static string KernelBootId()
    {
        const string path = "/proc/sys/kernel/random/boot_id";
        return File.Exists(path) ? File.ReadAllText(path).Trim() : "";
    }

    public Task<long> NextFenceAsync(CancellationToken cancellationToken) => database.WriteAsync("next fence", Next, cancellationToken);

    public Task RaiseFencesAsync(long above, CancellationToken cancellationToken) =>
        database.WriteAsync("raise fences", c => c.Execute("UPDATE fence_sequence SET value = MAX(value, @above)", new { above }), cancellationToken);

    public Task<LeaseAnswer> AcquireAsync(string name, string owner, TimeSpan timeToLive, bool holderIsDead, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentException.ThrowIfNullOrEmpty(owner);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeToLive, TimeSpan.Zero);
        return database.WriteAsync("acquire lease", c =>
        {
            long now = Monotonic();
            foreach ((string? holder, long held, string boot, long expires, long since) in c.Query<(string?, long, string, long, long)>(
                "SELECT owner, token, boot_id, expires_at, acquired_at FROM lease WHERE name = @name", new { name }))
            {
                bool free = holder is null || holderIsDead || !string.Equals(boot, bootId, StringComparison.Ordinal) || expires <= now || string.Equals(holder, owner, StringComparison.Ordinal);
                if (!free)
                {
                    return new LeaseAnswer(false, held, holder!, TimeSpan.FromMilliseconds(expires - now), DateTimeOffset.FromUnixTimeMilliseconds(since));
                }
            }

            long token = Next(c);
            DateTimeOffset at = database.Time.GetUtcNow();
            c.Execute(
                """
                INSERT OR REPLACE INTO lease (name, owner, token, boot_id, expires_at, ttl_ms, acquired_at)
                VALUES (@name, @owner, @token, @bootId, @expires, @ttl, @at)
                """,
                new { name, owner, token, bootId, expires = now + (long)timeToLive.TotalMilliseconds, ttl = (long)timeToLive.TotalMilliseconds, at = at.ToUnixTimeMilliseconds() });
            return new LeaseAnswer(true, token, owner, timeToLive, at);
        }, cancellationToken);
    }

    public Task<bool> RenewAsync(string name, long token, TimeSpan timeToLive, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeToLive, TimeSpan.Zero);

        // An expired lease that nobody took is still its owner's: the token proves it.
        return database.WriteAsync("renew lease", c => c.Execute(
            "UPDATE lease SET expires_at = @expires, ttl_ms = @ttl WHERE name = @name AND token = @token AND owner IS NOT NULL AND boot_id = @bootId",
            new { name, token, bootId, expires = Monotonic() + (long)timeToLive.TotalMilliseconds, ttl = (long)timeToLive.TotalMilliseconds }) == 1, cancellationToken);
    }

    public Task<bool> ReleaseAsync(string name, long token, CancellationToken cancellationToken) =>
        database.WriteAsync("release lease", c => c.Execute("UPDATE lease SET owner = NULL WHERE name = @name AND token = @token AND owner IS NOT NULL", new { name, token }) == 1, cancellationToken);

    private static long Next(SqliteConnection c) => c.ExecuteScalar<long>("UPDATE fence_sequence SET value = value + 1 RETURNING value");

    private long Monotonic() => (long)(database.Time.GetTimestamp() / (double)database.Time.TimestampFrequency * 1000);
}

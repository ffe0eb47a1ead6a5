using Microsoft.Data.Sqlite;
using Olmo.Runtime.Storage;

namespace Olmo.Runtime.Tests.Storage;

/// <summary>A database file of a test, with its clock and faults.</summary>
internal sealed class TemporaryDatabase : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("journal").FullName;

    public ManualClock Clock { get; } = new(new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero));

    public string Path => System.IO.Path.Combine(_folder, "journal.db");

    public Action<StorageFaultPoint, string>? Fault { get; set; }

    public Task<SqliteJournalStore> OpenAsync(Func<SqliteStoreOptions, SqliteStoreOptions>? change = null)
    {
        SqliteStoreOptions options = new()
        {
            Path = Path,
            Time = Clock,
            BusyTimeout = TimeSpan.FromMilliseconds(200),
            BootId = "boot-1",
            FaultPoint = (point, operation) => Fault?.Invoke(point, operation),
        };
        return SqliteJournalStore.OpenAsync(change is null ? options : change(options));
    }

    public SqliteConnection Connect()
    {
        SqliteConnection connection = new(new SqliteConnectionStringBuilder { DataSource = Path, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }

    public void Execute(SqliteConnection connection, string text)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = text;
        command.ExecuteNonQuery();
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}

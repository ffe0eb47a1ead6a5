using Microsoft.Data.Sqlite;
using Olmo.Runtime.Storage;

namespace Olmo.Runtime.Tests.Storage;

public sealed class SqliteSchemaTests : IDisposable
{
    private readonly TemporaryDatabase _file = new();

    public void Dispose() => _file.Dispose();

    [Fact]
    public async Task Migration_FromEveryEarlierVersion_KeepsWhatIsThere()
    {
        await using (SqliteJournalStore before = await _file.OpenAsync(o => o with { SchemaVersion = SqliteSchema.Current - 1 }))
        {
            JournalClaim claim = new("p", 41, "a");
            await before.ClaimAsync(claim, default);
            await before.AppendAsync(claim, [new StoredEvent(1, "e:1", "{}"u8.ToArray())], default);
            JournalUnavailableException error = await Assert.ThrowsAsync<JournalUnavailableException>(() => before.Leases.NextFenceAsync(default));
            Assert.Contains("no such table: fence_sequence", error.Message, StringComparison.Ordinal);
        }

        await using SqliteJournalStore after = await _file.OpenAsync();

        Assert.Single(await after.ReplayAsync("p", 1, 9, 9, default));
        Assert.Equal(42, await after.Leases.NextFenceAsync(default));
        Assert.Equal("1 2", Versions());
    }

    [Fact]
    public async Task Database_OfANewerProgram_IsRefusedUntouched()
    {
        await (await _file.OpenAsync()).DisposeAsync();
        using (SqliteConnection connection = _file.Connect())
        {
            _file.Execute(connection, "INSERT INTO schema_version VALUES (99, 0)");
        }

        SchemaVersionException error = await Assert.ThrowsAsync<SchemaVersionException>(() => _file.OpenAsync());

        Assert.Equal((99, SqliteSchema.Current), (error.Found, error.Known));
        Assert.Equal("1 2 99", Versions());
    }

    [Fact]
    public async Task Migration_ThatFails_LeavesTheEarlierVersion()
    {
        await (await _file.OpenAsync(o => o with { SchemaVersion = 1 })).DisposeAsync();
        using (SqliteConnection connection = _file.Connect())
        {
            _file.Execute(connection, "CREATE TABLE lease (x)");
        }

        JournalUnavailableException error = await Assert.ThrowsAsync<JournalUnavailableException>(() => _file.OpenAsync());

        Assert.Contains("open failed: ", error.Message, StringComparison.Ordinal);
        Assert.Equal("1", Versions());
    }

    [Fact]
    public async Task NetworkFileSystem_ByTheKernelsNumber_IsRefusedBeforeAnythingIsWritten()
    {
        foreach ((long type, string name) in new[] { (0x6969L, "nfs"), (0xFF534D42L, "cifs"), (0x65735546L, "fuse"), (0x01021997L, "9p") })
        {
            NetworkFileSystemException error = await Assert.ThrowsAsync<NetworkFileSystemException>(() => _file.OpenAsync(o => o with { FileSystemType = _ => type }));

            Assert.Equal(name, error.FileSystem);
            Assert.Contains(_file.Path, error.Message, StringComparison.Ordinal);
        }

        Assert.False(File.Exists(_file.Path));
    }

    [Fact]
    public void FileSystem_OfTheKernel_IsKnownOnLinux()
    {
        string folder = Path.GetDirectoryName(_file.Path)!;
        Assert.Equal(OperatingSystem.IsLinux(), LocalFileSystem.TypeOf(folder) is > 0);
        File.WriteAllText(_file.Path, "");
        (ulong, ulong)? identity = LocalFileSystem.IdentityOf(_file.Path);
        Assert.NotNull(identity);
        Assert.Equal(identity, LocalFileSystem.IdentityOf(_file.Path));
        Assert.Null(LocalFileSystem.IdentityOf(_file.Path + ".gone"));
    }

    [Fact]
    public async Task File_ThatIsNoDatabase_FailsTyped()
    {
        File.WriteAllText(_file.Path, new string('x', 4096));

        JournalUnavailableException error = await Assert.ThrowsAsync<JournalUnavailableException>(() => _file.OpenAsync());

        Assert.Contains("not a database", error.Message, StringComparison.Ordinal);
    }

    private string Versions()
    {
        using SqliteConnection connection = _file.Connect();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "SELECT group_concat(version, ' ') FROM (SELECT version FROM schema_version ORDER BY version)";
        return (string)command.ExecuteScalar()!;
    }
}

using System.Collections.Concurrent;
using Dapper;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Olmo.Runtime.Storage;

/// <summary>
/// One connection, owned by one thread: callers queue their operations and never wait on the disk. WAL, synchronous FULL, every write one
/// <c>BEGIN IMMEDIATE</c> transaction. Whatever fails, also by a bug, is a <see cref="JournalUnavailableException"/>; after a failure that is no lock the connection is opened anew.
/// </summary>
internal sealed class SqliteDatabase : IAsyncDisposable
{
    private readonly SqliteStoreOptions _options;
    private readonly string _path;
    private readonly BlockingCollection<Action> _queue;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SqliteConnection? _connection;
    private (ulong Device, ulong Number)? _identity;

    private SqliteDatabase(SqliteStoreOptions options)
    {
        _options = options;
        _path = Path.GetFullPath(options.Path);
        _queue = new BlockingCollection<Action>(options.QueueLimit);
    }

    public TimeProvider Time => _options.Time;

    /// <summary>Opens or creates a database and brings its schema up to date.</summary>
    /// <exception cref="NetworkFileSystemException">The path is on a network file system.</exception>
    /// <exception cref="SchemaVersionException">A newer program wrote it.</exception>
    /// <exception cref="JournalUnavailableException">It cannot be opened.</exception>
    public static async Task<SqliteDatabase> OpenAsync(SqliteStoreOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentException.ThrowIfNullOrEmpty(options.Path);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.QueueLimit, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BusyTimeout, TimeSpan.Zero);
        Batteries_V2.Init();
        SqliteDatabase database = new(options);
        string folder = Path.GetDirectoryName(database._path)!;
        long? type = (options.FileSystemType ?? LocalFileSystem.TypeOf)(folder);
        if (LocalFileSystem.RemoteName(type, folder) is { } remote)
        {
            throw new NetworkFileSystemException(database._path, remote);
        }

        Thread owner = new(database.Work) { IsBackground = true, Name = "sqlite" };
        owner.Start();
        try
        {
            await database.RunAsync("open", c => 0, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await database.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        return database;
    }

    /// <summary>Runs a read outside of a transaction of ours.</summary>
    public Task<T> ReadAsync<T>(string operation, Func<SqliteConnection, T> read, CancellationToken cancellationToken) => RunAsync(operation, c =>
    {
        _options.FaultPoint?.Invoke(StorageFaultPoint.BeforeBegin, operation);
        RequireSameFile();
        return read(c);
    }, cancellationToken);

    /// <summary>Runs a write in a transaction: when the task ends well, it is durable.</summary>
    public Task<T> WriteAsync<T>(string operation, Func<SqliteConnection, T> write, CancellationToken cancellationToken) => RunAsync(operation, c =>
    {
        _options.FaultPoint?.Invoke(StorageFaultPoint.BeforeBegin, operation);
        RequireSameFile();
        T result = InTransaction(c, write, () => _options.FaultPoint?.Invoke(StorageFaultPoint.BeforeCommit, operation));

        // A file that was removed meanwhile took the commit with it.
        RequireSameFile();
        _options.FaultPoint?.Invoke(StorageFaultPoint.AfterCommit, operation);
        return result;
    }, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        // The queue itself is not disposed: a late caller must find it closed, not an ObjectDisposedException.
        _queue.CompleteAdding();
        await _ended.Task.ConfigureAwait(false);
    }

    private static T InTransaction<T>(SqliteConnection connection, Func<SqliteConnection, T> write, Action beforeCommit)
    {
        // Not through the provider, which would repeat a busy BEGIN in whole seconds of its own.
        Check(connection, raw.sqlite3_exec(connection.Handle, "BEGIN IMMEDIATE"));
        try
        {
            T result = write(connection);
            beforeCommit();
            Check(connection, raw.sqlite3_exec(connection.Handle, "COMMIT"));
            return result;
        }
        finally
        {
            if (raw.sqlite3_get_autocommit(connection.Handle) == 0)
            {
                // On failure the connection is dropped, which also rolls back.
                _ = raw.sqlite3_exec(connection.Handle, "ROLLBACK");
            }
        }
    }

    private static void Check(SqliteConnection connection, int code)
    {
        if (code != raw.SQLITE_OK)
        {
            throw new SqliteException(raw.sqlite3_errmsg(connection.Handle).utf8_to_string(), code, raw.sqlite3_extended_errcode(connection.Handle));
        }
    }

    private Task<T> RunAsync<T>(string operation, Func<SqliteConnection, T> run, CancellationToken cancellationToken)
    {
        TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        bool queued;
        try
        {
            queued = _queue.TryAdd(() => Execute(operation, run, done, cancellationToken), 0, CancellationToken.None);
        }
        catch (InvalidOperationException e)
        {
            return Task.FromException<T>(new JournalUnavailableException(operation, new ObjectDisposedException($"the database {_path} is closed", e)));
        }

        return queued
            ? done.Task
            : Task.FromException<T>(new JournalUnavailableException(operation, new IOException($"{_options.QueueLimit} operations wait for {_path} already")));
    }

    private void Execute<T>(string operation, Func<SqliteConnection, T> run, TaskCompletionSource<T> done, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            done.SetCanceled(cancellationToken);
            return;
        }

        try
        {
            done.SetResult(run(Connect()));
        }
        catch (Exception e) when (e is FencedException or SchemaVersionException or ArgumentException)
        {
            done.SetException(e);
        }
        catch (Exception e) // whatever it was, the caller must not take it for a refusal that wrote nothing
        {
            if (e is not SqliteException { SqliteErrorCode: raw.SQLITE_BUSY or raw.SQLITE_LOCKED })
            {
                Disconnect();
            }

            done.SetException(new JournalUnavailableException(operation, e));
        }
    }

    private void Work()
    {
        try
        {
            foreach (Action operation in _queue.GetConsumingEnumerable())
            {
                operation();
            }
        }
        finally
        {
            Disconnect();
            _ended.SetResult();
        }
    }

    private SqliteConnection Connect()
    {
        if (_connection is not null)
        {
            return _connection;
        }

        // A database that was there and is gone is never replaced by an empty one.
        if (_identity is not null)
        {
            RequireSameFile();
        }

        SqliteConnection connection = new(new SqliteConnectionStringBuilder
        {
            DataSource = _path,
            Mode = _identity is null ? SqliteOpenMode.ReadWriteCreate : SqliteOpenMode.ReadWrite,
            Pooling = false,
            DefaultTimeout = 1,
        }.ToString());
        try
        {
            connection.Open();
            Check(connection, raw.sqlite3_busy_timeout(connection.Handle, (int)Math.Min(_options.BusyTimeout.TotalMilliseconds, int.MaxValue)));
            string? mode = connection.ExecuteScalar<string>("PRAGMA journal_mode = WAL");
            if (mode != "wal")
            {
                throw new IOException($"{_path} cannot use a write-ahead log (journal mode {mode})");
            }

            connection.Execute("PRAGMA synchronous = FULL");
            InTransaction(connection, c => { SqliteSchema.Migrate(c, _path, _options.SchemaVersion ?? SqliteSchema.Current, Time.GetUtcNow()); return 0; }, () => { });
        }
        catch
        {
            connection.Dispose();
            throw;
        }

        _identity ??= LocalFileSystem.IdentityOf(_path);
        return _connection = connection;
    }

    private void Disconnect()
    {
        _connection?.Dispose();
        _connection = null;
    }

    private void RequireSameFile()
    {
        if (LocalFileSystem.IdentityOf(_path) is not { } now)
        {
            throw new IOException($"{_path} is gone");
        }

        if (_identity is { } opened && now != opened)
        {
            throw new IOException($"{_path} was replaced by another file");
        }
    }
}

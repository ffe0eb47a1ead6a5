using Microsoft.Data.Sqlite;
using Olmo.Host.Tests.Nodes;
using SQLitePCL;

namespace Olmo.Host.Tests.Processes;

[Collection(ProcessesCollection.Name)]
public sealed class JournalTests(TinyRuns runs)
{
    [Fact]
    public async Task Run_JournalLockedByAnotherProcess_StepsGoOnCommitsWaitAndTheWeightsAreTheSame()
    {
        string folder = runs.New();
        using OlmoProcess run = OlmoProcess.Start(runs.Command(
            folder, "--set", "journal.busy-timeout=20 ms", "--set", "drill.faults=[{ do = freeze, at = step, step = 5 }]")); // before its first commit, until the journal is held
        await ChildSight.UntilStopped(run.Id);
        string unavailable;
        string step;
        using (SqliteConnection held = await Lock(folder))
        {
            run.Signal(ChildSight.Continue);
            unavailable = await run.Next("^the journal is unavailable, steps go on and commits wait");
            step = await run.Next("^step [0-9]+/");
            for (long first = OlmoProcess.NumberIn(step); OlmoProcess.NumberIn(step) < Math.Min(first + 30, TinyRuns.Steps);)
            {
                step = await run.Next("^step [0-9]+/");
            }
        }

        int code = await run.End();

        Assert.True(code == 0, run.Output);
        string[] lines = run.Output.Split('\n');
        Range locked = Array.IndexOf(lines, unavailable)..Array.IndexOf(lines, step);
        Assert.DoesNotContain(lines[locked], l => l.Contains(" committed ", StringComparison.Ordinal));
        Assert.Contains(lines[locked.End..], l => l.StartsWith($"checkpoint of step {TinyRuns.Steps} committed", StringComparison.Ordinal));
        Assert.Equal(runs.Weights, TinyRuns.WeightsIn(run.Output));
    }

    [Fact]
    public async Task Run_JournalLockedAtTheStart_ExitsTwoAndNamesTheDatabase()
    {
        string folder = runs.CopyOf(runs.Stopped);
        using SqliteConnection held = await Lock(folder);

        (int code, string output) = await OlmoProcess.Run(runs.Command(folder));

        Assert.True(code == 2, output);
        Assert.Contains(Path.Combine(folder, "journal.db"), output, StringComparison.Ordinal);
        Assert.Contains("locked", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_JournalDeleted_EndsTypedAfterTheOutageThatTheRecipeAllows()
    {
        string folder = runs.New();
        using OlmoProcess run = OlmoProcess.Start(runs.Command(folder, [.. TinyRuns.Slowly, "--set", "supervision.journal-outage=2 s"])); // no step passes an uncommitted one
        await run.NextCommit();
        foreach (string file in Directory.GetFiles(folder, "journal.db*"))
        {
            File.Delete(file);
        }

        int code = await run.End();

        Assert.True(code == 3, run.Output);
        Assert.Contains("JournalUnavailable at step", run.Output, StringComparison.Ordinal);
        Assert.Contains("supervision.journal-outage", run.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(folder, "journal.db")), "an empty journal took the place of the lost one");
    }

    // Held until disposed. Tried again while the run itself is writing.
    internal static async Task<SqliteConnection> Lock(string folder, int seconds = 30)
    {
        Batteries_V2.Init();
        SqliteConnection connection = new(new SqliteConnectionStringBuilder { DataSource = Path.Combine(folder, "journal.db"), Pooling = false, DefaultTimeout = seconds }.ToString());
        try
        {
            await connection.OpenAsync();
            using SqliteCommand begin = connection.CreateCommand();
            begin.CommandText = "BEGIN EXCLUSIVE";
            await begin.ExecuteNonQueryAsync();
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }

        return connection;
    }
}

using System.Globalization;
using Olmo.Host.Nodes;

namespace Olmo.Host.Tests.Nodes;

[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class WholeProcess
{
    /// <summary>Tests that change something of the whole process, which no other test may meet.</summary>
    public const string Name = "whole process";
}

[Collection(WholeProcess.Name)]
public sealed class ProcessSystemTests
{
    [Fact]
    public void BindAll_MovesThreadsThatRunAlready()
    {
        if (!OperatingSystem.IsLinux())
        {
            return; // nothing is bound elsewhere
        }

        using ManualResetEventSlim told = new();
        Thread other = new(() => told.Wait()) { IsBackground = true };
        other.Start();
        string before = AllowedTo(Environment.ProcessId);
        int[] all = Parse(before);
        string[] running = Directory.GetDirectories("/proc/self/task");
        try
        {
            ProcessSystem.BindAll([all[^1]]);
            string[] allowed = [.. running.Select(AllowedIn).Where(v => v.Length > 0)];
            Assert.True(allowed.Length > 1);
            Assert.All(allowed, v => Assert.Equal(all[^1].ToString(CultureInfo.InvariantCulture), v));
        }
        finally
        {
            ProcessSystem.BindAll(all);
            told.Set();
            other.Join();
        }

        Assert.Equal(before, AllowedTo(Environment.ProcessId));
    }

    private static string AllowedTo(int thread) => AllowedIn($"/proc/self/task/{thread}");

    // Empty: the thread has just ended.
    private static string AllowedIn(string thread)
    {
        try
        {
            return File.ReadLines($"{thread}/status").First(l => l.StartsWith("Cpus_allowed_list:", StringComparison.Ordinal)).Split('\t')[1];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static int[] Parse(string list) =>
        [.. list.Split(',').Select(r => r.Split('-')).SelectMany(r => Enumerable.Range(Number(r[0]), Number(r[^1]) - Number(r[0]) + 1))];

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}

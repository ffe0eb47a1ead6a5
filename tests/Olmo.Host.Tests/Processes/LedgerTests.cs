using System.Text.RegularExpressions;
using Olmo.Data.Instances;
using Olmo.Data.TokenFiles;

namespace Olmo.Host.Tests.Processes;

/// <summary>What <c>olmo status</c> says of the data of a real run, recomputed from its token files.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class LedgerTests(TinyRuns runs)
{
    private const int Length = 32;
    private const int Groups = 2;

    [Fact]
    public async Task Status_OfACompletedRun_HasTheHashOfItsTokenFiles()
    {
        (int code, string output) = await OlmoProcess.Run(["status", runs.Quiet]);

        Assert.True(code == 0, output);
        Assert.Contains($"data        {TinyRuns.Steps * Groups} sequences consumed, batches 1-{TinyRuns.Steps}, 0 of them without an update; hash {FromTokenFiles(runs.Quiet, TinyRuns.Steps):x16}", output, StringComparison.Ordinal);
        Assert.Contains("every sequence once, without a gap", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_OfAStoppedRun_IsThatOfItsNewestCheckpoint()
    {
        (int code, string output) = await OlmoProcess.Run(["status", runs.Stopped]);

        Assert.True(code == 0, output);
        Assert.Contains($"hash {FromTokenFiles(runs.Stopped, runs.StoppedAt):x16}", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WhoseJournalIsGone_IsRefusedAndNothingChanges()
    {
        string folder = runs.CopyOf(runs.Stopped);
        foreach (string file in Directory.EnumerateFiles(folder, "journal.db*"))
        {
            File.Delete(file);
        }

        (int code, string output) = await OlmoProcess.Run(runs.Command(folder));

        Assert.True(code == 2, output);
        Assert.Contains(folder, output, StringComparison.Ordinal);
        Assert.Matches(new Regex("Put the journal back.*run.folder", RegexOptions.Singleline, TimeSpan.FromSeconds(1)), output);
        Assert.False(File.Exists(Path.Combine(folder, "journal.db")));
    }

    // Without the loader, the batch reader or the ledger: the files, the order of the epoch and the hash.
    private static ulong FromTokenFiles(string folder, long steps)
    {
        string[] files = [.. Directory.EnumerateFiles(Path.Combine(folder, "data"), "*.npy", SearchOption.AllDirectories).Where(f => f.Contains("train", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        List<int[]> instances = [];
        foreach (string file in files)
        {
            using TokenFile tokens = TokenFile.Open(file, TokenType.UInt16);
            for (long at = 0; at + Length <= tokens.LengthTokens; at += Length)
            {
                int[] ids = new int[Length];
                tokens.Read(at, ids);
                instances.Add(ids);
            }
        }

        ulong hash = 0;
        long perEpoch = instances.Count / Groups;
        for (long step = 1; step <= steps; step++)
        {
            long epoch = ((step - 1) / perEpoch) + 1;
            EpochOrder order = EpochOrder.Create(EpochOrderKind.Permutation, 6198, epoch, instances.Count);
            ulong sum = 0;
            for (int s = 0; s < Groups; s++)
            {
                long instance = order[(((step - 1) % perEpoch) * Groups) + s];
                int[] ids = instances[(int)instance];
                sum += SampleHash.OfSequence(instance, ids, [.. ids[1..], InstanceLabels.Ignored]);
            }

            hash += SampleHash.OfBatch(step, sum);
        }

        return hash;
    }
}

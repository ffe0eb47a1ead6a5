using System.Runtime.InteropServices;
using System.Text.Json;

using FsCheck;
using FsCheck.Fluent;

using Olmo.Data.Instances;
using Olmo.Data.TokenFiles;
using Olmo.Tests;

namespace Olmo.Data.Tests.Instances;

public sealed class BatchReaderTests
{
    private const int Length = 4;

    [Fact]
    public void ReadGroup_AllGroupsOfAllStepsOfAnEpoch_GiveEveryInstanceOfTheKeptBatchesOnce()
    {
        using TemporaryFolder folder = new();
        using InstanceDataSet dataSet = Create(folder, instances: 29, eosEvery: 0);
        BatchPlan plan = new(dataSet.Count, globalBatchInstances: 6, groups: 3, seed: 1);
        BatchReader reader = new(dataSet, plan);
        HashSet<int> firstIds = [];
        DataCursor cursor = DataCursor.Start(dataSet.Fingerprint);
        for (int step = 1; step <= plan.StepsPerEpoch; step++)
        {
            Assert.Equal(plan.CursorBefore(step, dataSet.Fingerprint), cursor);
            for (int group = 0; group < plan.Groups; group++)
            {
                int[] ids = new int[plan.GroupInstances * Length];
                int[] labels = new int[ids.Length];
                Assert.Equal(2 * (Length - 1), reader.ReadGroup(cursor, group, ids, labels));
                for (int s = 0; s < 2; s++)
                {
                    Assert.True(firstIds.Add(ids[s * Length]));
                    Assert.Equal(ids.AsSpan((s * Length) + 1, Length - 1), labels.AsSpan(s * Length, Length - 1));
                    Assert.Equal(InstanceLabels.Ignored, labels[(s * Length) + Length - 1]);
                }
            }

            cursor = plan.Next(cursor);
        }

        Assert.Equal(24, firstIds.Count);
        Assert.Equal(new DataCursor(2, 0, dataSet.Fingerprint), cursor);
    }

    [Fact]
    public void ReadGroup_OtherNumberOfGroups_GivesTheSameBatch()
    {
        using TemporaryFolder folder = new();
        using InstanceDataSet dataSet = Create(folder, instances: 40, eosEvery: 0);
        int[]? expected = null;
        foreach (int groups in (int[])[1, 2, 3, 4, 6, 12])
        {
            BatchReader reader = new(dataSet, new BatchPlan(dataSet.Count, 12, groups, seed: 5));
            DataCursor cursor = reader.Plan.CursorBefore(8, dataSet.Fingerprint);
            List<int> batch = [];
            for (int g = 0; g < groups; g++)
            {
                int[] ids = new int[12 / groups * Length];
                reader.ReadGroup(cursor, g, ids, new int[ids.Length]);
                batch.AddRange(ids);
            }

            expected ??= [.. batch];
            Assert.Equal(expected, batch);
        }
    }

    [Fact]
    public void ReadGroup_DocumentStarts_FollowTheEos()
    {
        using TemporaryFolder folder = new();
        using InstanceDataSet dataSet = Create(folder, instances: 3, eosEvery: 3);
        BatchReader reader = new(dataSet, new BatchPlan(3, 3, 1, 0, EpochOrderKind.Sequential));
        int[] ids = new int[12];
        int[] starts = new int[12];
        reader.ReadGroup(DataCursor.Start(dataSet.Fingerprint), 0, ids, new int[12], starts);
        Assert.Equal([0, 1, 9, 3, 4, 9, 6, 7, 9, 9, 10, 9], ids);
        Assert.Equal([0, 0, 0, 3, 0, 0, 2, 2, 0, 1, 2, 2], starts);
    }

    [Fact]
    public void CountLabels_FilterAndMask_EqualsTheSumOverGroups()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("a.npy");
        ushort[] tokens = [.. Enumerable.Range(0, 96).Select(i => (ushort)(i % 96 / 24 == 1 ? 5 : i))];
        File.WriteAllBytes(path, MemoryMarshal.AsBytes(tokens.AsSpan()).ToArray());
        File.WriteAllBytes(folder.File("a.mask"), [.. Enumerable.Range(0, 96).Select(i => (byte)(i % 5 == 0 ? 0 : 1))]);
        using InstanceDataSet dataSet = InstanceDataSet.Open(
            [new TokenFileEntry(path, TokenType.UInt16, LabelMaskPath: folder.File("a.mask"))],
            new InstanceSettings(8, 96, 95, new RepetitionFilter(maximumCount: 8)));
        BatchReader reader = new(dataSet, new BatchPlan(dataSet.Count, 6, 3, seed: 3));
        long masked = 0;
        for (int step = 1; step <= 2; step++)
        {
            DataCursor cursor = reader.Plan.CursorBefore(step, dataSet.Fingerprint);
            long sum = 0;
            for (int g = 0; g < 3; g++)
            {
                sum += reader.ReadGroup(cursor, g, new int[16], new int[16]);
            }

            BatchLabels labels = reader.CountLabels(cursor);
            Assert.Equal(sum, labels.Labels);
            Assert.Equal(labels.Labels + (8 * labels.MaskedInstances), labels.OlmoCoreDivisor);
            masked += labels.MaskedInstances;
        }

        Assert.Equal(3, masked);
    }

    [Fact]
    public void ReadGroup_WarmReader_AllocatesNothing()
    {
        using TemporaryFolder folder = new();
        using InstanceDataSet dataSet = Create(folder, instances: 64, eosEvery: 3);
        BatchReader reader = new(dataSet, new BatchPlan(64, 8, 4, seed: 5));
        DataCursor cursor = DataCursor.Start(dataSet.Fingerprint);
        int[] ids = new int[2 * Length];
        int[] labels = new int[2 * Length];
        int[] starts = new int[2 * Length];
        reader.ReadGroup(cursor, 0, ids, labels, starts);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int g = 0; g < 4; g++)
        {
            reader.ReadGroup(cursor, g, ids, labels, starts);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void ReadGroup_CursorOfOtherData_IsRefused()
    {
        using TemporaryFolder folder = new();
        using InstanceDataSet dataSet = Create(folder, instances: 8, eosEvery: 0);
        BatchReader reader = new(dataSet, new BatchPlan(8, 4, 2, seed: 5));
        DataException error = Assert.Throws<DataException>(() => reader.ReadGroup(DataCursor.Start("other"), 0, new int[8], new int[8]));
        Assert.Contains("other", error.Message, StringComparison.Ordinal);
        Assert.Contains(dataSet.Fingerprint, error.Message, StringComparison.Ordinal);
    }

    [ReferenceFact]
    public void GroupInstances_GoldenOrders_GivesOlmoCoresBatches()
    {
        foreach (JsonElement row in GoldenLines.Read("training", "order.jsonl"))
        {
            long count = row.GetProperty("instances").GetInt64();
            int batch = row.GetProperty("batch_instances").GetInt32();
            int steps = row.GetProperty("total_batches").GetInt32();
            if (steps == 0)
            {
                Assert.Throws<DataException>(() => new BatchPlan(count, batch, 1, 0));
                continue;
            }

            using TemporaryFolder folder = new();
            using InstanceDataSet dataSet = Create(folder, (int)count, eosEvery: 0);
            EpochOrderKind kind = row.GetProperty("shuffle").GetBoolean() ? EpochOrderKind.Pcg64 : EpochOrderKind.Sequential;
            BatchPlan plan = new(count, batch, 1, row.GetProperty("seed").GetUInt64(), kind, row.GetProperty("chunk_size").GetInt32());
            Assert.Equal(steps, plan.StepsPerEpoch);
            BatchReader reader = new(dataSet, plan);
            DataCursor cursor = DataCursor.Start(dataSet.Fingerprint) with { Epoch = row.GetProperty("epoch").GetInt64() };
            JsonElement batches = row.GetProperty("ranks")[0].GetProperty("batches");
            for (int step = 0; step < steps; step++)
            {
                long[] instances = new long[batch];
                reader.GroupInstances(cursor, 0, instances);
                Assert.Equal(batches[step].Longs(), instances);
                cursor = plan.Next(cursor);
            }

            Assert.Equal(row.GetProperty("epoch").GetInt64() + 1, cursor.Epoch);
        }
    }

    [Fact]
    public void OfRank_AnyWorld_DealsAllGroupsInOrderAndEvenly() =>
        Prop.ForAll(
            Gen.Choose(1, 60).ToArbitrary(),
            Gen.Choose(1, 60).ToArbitrary(),
            (groups, world) =>
            {
                GroupRange[] ranges = [.. Enumerable.Range(0, world).Select(r => GroupRange.OfRank(r, world, groups))];
                bool contiguous = ranges[0].First == 0 && ranges[^1].End == groups && Enumerable.Range(1, world - 1).All(r => ranges[r].First == ranges[r - 1].End);
                return contiguous && ranges.All(r => r.Count == groups / world || r.Count == (groups + world - 1) / world);
            }).QuickCheckThrowOnFailure();

    [Fact]
    public void BatchPlan_BatchThatGroupsDoNotDivide_NamesBothNumbers()
    {
        DataException error = Assert.Throws<DataException>(() => new BatchPlan(100, 10, 4, 0));
        Assert.Contains("10 instances", error.Message, StringComparison.Ordinal);
        Assert.Contains("4 equal groups", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Normalize_BatchGrewBeyondTheRest_StartsTheNextEpoch()
    {
        BatchPlan plan = new(100, 32, 4, 0);
        Assert.Equal(new DataCursor(3, 0, "f"), plan.Normalize(new DataCursor(2, 70, "f")));
        Assert.Equal(new DataCursor(2, 68, "f"), plan.Normalize(new DataCursor(2, 68, "f")));
    }

    // Ids run 0, 1, 2, ...; every n-th is the EOS id 9.
    private static InstanceDataSet Create(TemporaryFolder folder, int instances, int eosEvery)
    {
        ushort[] tokens = [.. Enumerable.Range(0, (instances * Length) + 1).Select(i => (ushort)(eosEvery > 0 && i % eosEvery == eosEvery - 1 ? 9 : i))];
        string path = folder.File("tokens.npy");
        File.WriteAllBytes(path, MemoryMarshal.AsBytes(tokens.AsSpan()).ToArray());
        return InstanceDataSet.Open([new TokenFileEntry(path, TokenType.UInt16)], new InstanceSettings(Length, 65_536, EosId: 9));
    }
}

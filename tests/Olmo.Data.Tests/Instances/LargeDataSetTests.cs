using Olmo.Data.Instances;
using Olmo.Data.TokenFiles;
using Olmo.Tests;

namespace Olmo.Data.Tests.Instances;

/// <summary>Token files beyond 2^31 ids and 4 GiB, all hole but for a few ids.</summary>
public sealed class LargeDataSetTests
{
    [SparseFact]
    public void Read_OfInstancesBeyondTwoToThe31Tokens_FindsTheirIds()
    {
        const int Length = 4096;
        const long First = (1L << 31) + 5000;
        const long Second = (1L << 31) + (3L * Length);
        using TemporaryFolder folder = new();
        Make(folder.File("a.npy"), 2, First, First - (First % Length) - 2, [7, 8]);
        Make(folder.File("b.npy"), 4, Second, Second - 2, [100_000, 9]);
        TokenFileEntry[] entries = [new(folder.File("a.npy"), TokenType.UInt16), new(folder.File("b.npy"), TokenType.UInt32)];
        using InstanceDataSet data = InstanceDataSet.Open(entries, new InstanceSettings(Length, 100_278, 9));

        long inFirst = First / Length;
        Assert.Equal(inFirst + (Second / Length), data.Count);
        Assert.Equal([(0, inFirst), (inFirst, data.Count)], data.FileRanges());
        int[] ids = new int[Length];
        data.Read(inFirst - 1, ids);
        Assert.Equal([0, 7, 8], ids[^3..]);
        data.Read(data.Count - 1, ids);
        Assert.Equal([0, 100_000, 9], ids[^3..]);
        Assert.ThrowsAny<ArgumentOutOfRangeException>(() => data.Read(data.Count, ids));
    }

    [SparseFact]
    public void Batches_OfMoreThanTwoToThe31Instances_AreCountedAndReadToTheEnd()
    {
        // 2^31 + 64 instances of 2 tokens, in one file of 8 GiB.
        const long Instances = (1L << 31) + 64;
        using TemporaryFolder folder = new();
        Make(folder.File("a.npy"), 2, 2 * Instances, (2 * Instances) - 2, [3, 4]);
        using InstanceDataSet data = InstanceDataSet.Open([new TokenFileEntry(folder.File("a.npy"), TokenType.UInt16)], new InstanceSettings(2, 10, 9));
        Assert.Equal(Instances, data.Count);
        int[] ids = new int[2];
        data.Read(Instances - 1, ids);
        Assert.Equal([3, 4], ids);

        BatchPlan plan = new(data.Count, 64, 4, 1, EpochOrderKind.Permutation);
        Assert.Equal(Instances / 64, plan.StepsPerEpoch);
    }

    private static void Make(string path, int size, long tokens, long at, int[] ids)
    {
        using FileStream stream = new(path, FileMode.CreateNew, FileAccess.Write);
        stream.SetLength(tokens * size);
        stream.Position = at * size;
        foreach (int id in ids)
        {
            stream.Write(BitConverter.GetBytes(id).AsSpan(0, size));
        }
    }
}

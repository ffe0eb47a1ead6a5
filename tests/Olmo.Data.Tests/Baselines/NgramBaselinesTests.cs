#pragma warning disable RS0030 // expected figures

using System.Runtime.InteropServices;

using Olmo.Data.Baselines;
using Olmo.Data.Instances;
using Olmo.Data.TokenFiles;

namespace Olmo.Data.Tests.Baselines;

public sealed class NgramBaselinesTests
{
    [Fact]
    public void Evaluate_SmallCounts_EqualsTheSumsDoneByHand()
    {
        // Trained: 0 1 0 1 0 2. Pairs 01 x2, 10 x2, 02; lefts 0: 3, 1: 2. Unigram (3+1)/9, (2+1)/9, (1+1)/9.
        NgramCounts trained = new(3);
        trained.Add([0, 1, 0, 1, 0, 2]);
        NgramCounts held = new(3);
        held.Add([0, 1, 0]);
        held.Add([2, 0]);
        NgramBaselines result = NgramBaselines.Evaluate(trained, held);
        Assert.Equal((6L, 3L), (result.TrainTokens, result.Predictions));
        Assert.Equal(-(Math.Log(3 / 9.0) + (2 * Math.Log(4 / 9.0))) / 3, result.UnigramNats, 12);

        // 2 was never on the left: its prediction is the unigram's. The others are better as a bigram, so w = 1.
        Assert.Equal(1, result.BigramWeight, 9);
        Assert.Equal(-(Math.Log(2 / 3.0) + Math.Log(1.0) + Math.Log(4 / 9.0)) / 3, result.BigramNats, 9);
    }

    [Fact]
    public void Evaluate_PairsUnseenInTraining_FindsTheBestWeight()
    {
        NgramCounts trained = new(7);
        NgramCounts held = new(7);
        uint state = 1;
        int Next(int below)
        {
            state = (state * 1664525) + 1013904223;
            return (int)((state >> 16) % (uint)below);
        }

        // The next id is mostly near twice the last one, so that pairs tell something but not all.
        int[] Sequence()
        {
            int[] ids = new int[6];
            for (int t = 0; t < ids.Length; t++)
            {
                ids[t] = t == 0 || Next(4) == 0 ? Next(7) : ((2 * ids[t - 1]) + Next(3)) % 7;
            }

            return ids;
        }

        for (int i = 0; i < 40; i++)
        {
            trained.Add(Sequence());
            held.Add(Sequence());
        }

        NgramBaselines result = NgramBaselines.Evaluate(trained, held);
        double best = double.PositiveInfinity;
        for (int w = 0; w < 1000; w++)
        {
            double loss = 0;
            foreach ((int left, int right, long count) in held.PairTable.All())
            {
                double unigram = trained.Unigram(right);
                loss -= count * Math.Log((w / 1000.0 * (trained.Bigram(left, right) ?? unigram)) + ((1 - (w / 1000.0)) * unigram));
            }

            best = Math.Min(best, loss / held.Pairs);
        }

        Assert.InRange(result.BigramWeight, 0.001, 0.999);
        Assert.InRange(result.BigramNats, best - 1e-4, best + 1e-12);
        Assert.True(result.BigramNats < result.UnigramNats);
    }

    [Fact]
    public void PairCounts_ManyPairs_CountsEachOne()
    {
        PairCounts counts = new();
        Dictionary<(int, int), long> expected = [];
        for (int i = 0; i < 200_000; i++)
        {
            (int, int) pair = (i * 7919 % 613, i * 104_729 % 811);
            counts.Add(pair.Item1, pair.Item2);
            expected[pair] = expected.GetValueOrDefault(pair) + 1;
        }

        Assert.Equal(expected.Count, counts.Distinct);
        Assert.Equal(expected, counts.All().ToDictionary(p => (p.Left, p.Right), p => p.Count));
        Assert.Equal(0, counts.Count(5000, 1));
    }

    [Fact]
    public void OfSteps_OneEpochOrMore_CountsTheInstancesOfTheKeptBatchesOnce()
    {
        using TemporaryFolder folder = new();
        ushort[] tokens = [.. Enumerable.Range(0, 44).Select(i => (ushort)(i % 5))];
        File.WriteAllBytes(folder.File("a.npy"), MemoryMarshal.AsBytes(tokens.AsSpan()).ToArray());
        using InstanceDataSet dataSet = InstanceDataSet.Open([new TokenFileEntry(folder.File("a.npy"), TokenType.UInt16)], new InstanceSettings(4, 5, 0));
        BatchReader reader = new(dataSet, new BatchPlan(dataSet.Count, 2, 1, 9));
        Assert.Equal(8, NgramCounts.OfSteps(reader, 1).Tokens);
        Assert.Equal(40, NgramCounts.OfSteps(reader, 5).Tokens);
        Assert.Equal(40, NgramCounts.OfSteps(reader, 500).Tokens);
        NgramCounts all = NgramCounts.OfDataSet(dataSet);
        Assert.Equal((44L, 33L), (all.Tokens, all.Pairs));
    }

    [Fact]
    public void Evaluate_NothingHeldOut_IsAnError()
    {
        NgramCounts trained = new(3);
        trained.Add([0, 1]);
        DataException error = Assert.Throws<DataException>(() => NgramBaselines.Evaluate(trained, new NgramCounts(3)));
        Assert.Contains("0 held out", error.Message, StringComparison.Ordinal);
    }
}

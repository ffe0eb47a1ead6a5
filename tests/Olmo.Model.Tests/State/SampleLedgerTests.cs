using Olmo.Data.Instances;
using Olmo.Model.State;

namespace Olmo.Model.Tests.State;

public sealed class SampleLedgerTests
{
    [Fact]
    public void Add_BatchesWithAGap_KeepsIntervals()
    {
        SampleLedger ledger = Example();
        Assert.Equal([new BatchRange(1, 5), new BatchRange(9, 10), new BatchRange(20, 20)], ledger.Batches.ToArray());
        Assert.Equal((32L, 1L), (ledger.Sequences, ledger.Skipped));
    }

    [Fact]
    public void Parse_OfItsLine_IsTheSameLedger()
    {
        SampleLedger ledger = Example();
        Assert.Equal(Bytes(ledger), Bytes(SampleLedger.Parse(ledger.ToString())));
        Assert.Equal(Bytes(new SampleLedger()), Bytes(SampleLedger.Parse(new SampleLedger().ToString())));
        Assert.Throws<FormatException>(() => SampleLedger.Parse("sequences 3"));
    }

    [Fact]
    public void Restore_OfItsBytes_IsTheSameLedgerAndGoesOn()
    {
        SampleLedger again = new();
        Assert.Equal(Bytes(Example()).Length, again.Restore(Bytes(Example())));
        again.Add(21, 4, 7, false);
        Assert.Equal(new BatchRange(20, 21), again.Batches[^1]);
        Assert.Throws<ArgumentException>(() => again.Add(21, 4, 7, false));
        byte[] bad = Bytes(Example());
        bad[28]++; // the first range begins at 2: that is possible
        again.Restore(bad);
        bad[28] = 99;
        Assert.Throws<InvalidDataException>(() => again.Restore(bad));
    }

    [Fact]
    public void Hash_OfTheSameSumsOfOtherBatches_Differs()
    {
        SampleLedger a = new();
        a.Add(1, 4, 10, false);
        a.Add(2, 4, 20, false);
        SampleLedger b = new();
        b.Add(1, 4, 20, false);
        b.Add(2, 4, 10, false);
        Assert.NotEqual(a.Hash, b.Hash);
    }

    private static SampleLedger Example()
    {
        SampleLedger ledger = new();
        foreach (long batch in (long[])[1, 2, 3, 4, 5, 9, 10, 20])
        {
            ledger.Add(batch, 4, (ulong)batch * 77, batch == 9);
        }

        return ledger;
    }

    private static byte[] Bytes(SampleLedger ledger)
    {
        byte[] bytes = new byte[ledger.EncodedBytes];
        ledger.Write(bytes);
        return bytes;
    }
}

using System.Text.Json;

using Olmo.Data.Instances;
using Olmo.Tests;

namespace Olmo.Data.Tests.Instances;

public sealed class InstanceLabelsTests
{
    [ReferenceFact]
    public void Fill_GoldenBatches_GivesOlmoCoresLabelsAndTheirCount()
    {
        int cases = 0;
        foreach (JsonElement row in GoldenLines.Read("training", "batches.jsonl").Where(r => r.GetProperty("function").GetString() == "get_labels"))
        {
            cases++;
            JsonElement batch = row.GetProperty("batch");
            for (int s = 0; s < batch.GetProperty("input_ids").GetArrayLength(); s++)
            {
                int[] ids = batch.GetProperty("input_ids")[s].Ints();
                byte[] keep = new byte[ids.Length];
                Array.Fill(keep, (byte)1);
                foreach (string name in (string[])["label_mask", "attention_mask"])
                {
                    if (batch.TryGetProperty(name, out JsonElement mask))
                    {
                        for (int t = 0; t < keep.Length; t++)
                        {
                            keep[t] &= mask[s][t].ValueKind is JsonValueKind.True || (mask[s][t].ValueKind is JsonValueKind.Number && mask[s][t].GetDouble() != 0) ? (byte)1 : (byte)0;
                        }
                    }
                }

                bool masked = batch.TryGetProperty("instance_mask", out JsonElement instanceMask) && !instanceMask[s].GetBoolean();
                int[] labels = new int[ids.Length];
                int count = InstanceLabels.Fill(ids, keep, masked, labels);
                Assert.Equal(row.GetProperty("labels")[s].Ints(), labels);
                Assert.Equal(labels.Count(l => l != InstanceLabels.Ignored), count);
                Assert.Equal(count, InstanceLabels.Count(ids.Length, keep, masked));
            }
        }

        Assert.Equal(5, cases);
    }

    [Fact]
    public void Fill_NoMask_CountsAllButTheLast()
    {
        int[] labels = new int[3];
        Assert.Equal(2, InstanceLabels.Fill([7, 8, 9], [], masked: false, labels));
        Assert.Equal([8, 9, InstanceLabels.Ignored], labels);
        Assert.Equal(2, InstanceLabels.Count(3, [], masked: false));
        Assert.Equal(0, InstanceLabels.Fill([], [], masked: false, []));
    }

    [Fact]
    public void Fill_LengthsDiffer_Throws()
    {
        Assert.Throws<ArgumentException>(() => InstanceLabels.Fill([1, 2], [], masked: false, new int[3]));
        Assert.Throws<ArgumentException>(() => InstanceLabels.Fill([1, 2], [1], masked: false, new int[2]));
    }
}

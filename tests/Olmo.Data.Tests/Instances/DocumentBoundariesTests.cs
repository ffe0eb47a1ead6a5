using System.Text.Json;

using Olmo.Data.Instances;
using Olmo.Tests;

namespace Olmo.Data.Tests.Instances;

public sealed class DocumentBoundariesTests
{
    [ReferenceFact]
    public void LengthsAndBounds_GoldenArrays_AgreeWithOlmoCore()
    {
        int rows = 0;
        foreach (JsonElement row in GoldenLines.Read("training", "documents.jsonl"))
        {
            rows++;
            int[] ids = row.GetProperty("ids").Ints();
            int eos = row.GetProperty("eos").GetInt32();
            int bos = row.GetProperty("bos").GetInt32();
            Assert.Equal(row.GetProperty("doc_lens").Ints(), DocumentBoundaries.Lengths(ids, eos));
            Assert.Equal(row.GetProperty("doc_lens_bos").Ints(), DocumentBoundaries.Lengths(ids, eos, bos));
            Assert.Equal(Pairs(row.GetProperty("bounds")), DocumentBoundaries.Bounds(ids, eos));
            Assert.Equal(Pairs(row.GetProperty("bounds_bos")), DocumentBoundaries.Bounds(ids, eos, bos));

            foreach (int? start in (int?[])[null, bos])
            {
                int[] starts = new int[ids.Length];
                DocumentBoundaries.Starts(ids, eos, starts, start);
                IReadOnlyList<int> lengths = DocumentBoundaries.Lengths(ids, eos, start);
                Assert.Equal(lengths.SelectMany((length, d) => Enumerable.Repeat(lengths.Take(d).Sum(), length)), starts);
            }
        }

        Assert.Equal(43, rows);
    }

    private static IEnumerable<(int, int)> Pairs(JsonElement pairs) => pairs.EnumerateArray().Select(p => (p[0].GetInt32(), p[1].GetInt32()));
}

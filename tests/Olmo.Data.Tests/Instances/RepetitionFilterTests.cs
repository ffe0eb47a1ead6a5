using System.Text.Json;

using Olmo.Data.Instances;
using Olmo.Tests;

namespace Olmo.Data.Tests.Instances;

public sealed class RepetitionFilterTests
{
    [ReferenceFact]
    public void Rejects_GoldenArrays_AgreesWithOlmoCore()
    {
        int rows = 0;
        foreach (JsonElement row in GoldenLines.Read("training", "repetition.jsonl"))
        {
            rows++;
            RepetitionFilter filter = new(row.GetProperty("max_period").GetInt32(), row.GetProperty("min_period").GetInt32(), row.GetProperty("max_count").GetInt32());
            int[] ids = row.GetProperty("array").Ints();
            Assert.True(row.GetProperty("keep").GetBoolean() != filter.Rejects(ids), row.GetProperty("name").GetString());
            Assert.Equal(
                row.GetProperty("sequences").EnumerateArray().Select(s => new RepeatedSequence(s[0].GetInt32(), s[1].GetInt32(), s[2].GetInt32(), s[3].GetInt32())),
                filter.Find(ids));
        }

        Assert.Equal(176, rows);
    }

    [Theory]
    [InlineData(31, 1, false)]
    [InlineData(32, 1, true)]
    [InlineData(63, 2, false)]
    [InlineData(64, 2, true)]
    [InlineData(415, 13, false)]
    [InlineData(416, 13, true)]
    public void Rejects_PublishedBorderCases_FollowsThem(int length, int period, bool rejected)
    {
        int[] ids = new int[length];
        for (int i = 0; i < length; i++)
        {
            ids[i] = i % period;
        }

        Assert.Equal(rejected, new RepetitionFilter().Rejects(ids));
    }
}

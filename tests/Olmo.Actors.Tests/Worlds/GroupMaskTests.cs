using Olmo.Actors.Worlds;
using Olmo.Model.Steps;

namespace Olmo.Actors.Tests.Worlds;

public sealed class GroupMaskTests
{
    [Theory]
    [InlineData("none", 0)]
    [InlineData("0", 1)]
    [InlineData("0-3,7", 5)]
    [InlineData("63-64", 2)]
    [InlineData("5,64,200-262,65535", 66)]
    public void Text_ReadAndWritten_IsTheSame(string text, int count)
    {
        GroupMask mask = GroupMask.Parse(text);

        Assert.Equal(text, mask.ToString());
        Assert.Equal(count, mask.Count);
        Assert.Equal(count, mask.Groups.Count());
        Assert.All(mask.Groups, g => Assert.True(mask.Contains(g)));
        Assert.Equal(mask, mask.Groups.Aggregate(default(GroupMask), (a, g) => a | GroupMask.Of(g)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("3-1")]
    [InlineData("1,1")]
    [InlineData("5,2")]
    [InlineData("-1")]
    [InlineData("65536")]
    [InlineData("a")]
    public void Text_ThatIsNoSet_IsRefused(string text) => Assert.Throws<FormatException>(() => GroupMask.Parse(text));

    [Theory]
    [InlineData("0-3", "2-5", "0-5", "2-3", "0-1")]
    [InlineData("0-3", "64-70", "0-3,64-70", "none", "0-3")]
    [InlineData("10-100", "60-70", "10-100", "60-70", "10-59,71-100")]
    [InlineData("100", "100", "100", "100", "none")]
    public void Sets_Combined_AreSets(string left, string right, string union, string common, string without)
    {
        GroupMask a = GroupMask.Parse(left);
        GroupMask b = GroupMask.Parse(right);

        Assert.Equal(GroupMask.Parse(union), a | b);
        Assert.Equal(GroupMask.Parse(common), a & b);
        Assert.Equal(GroupMask.Parse(without), a.Except(b));
        Assert.Equal(common != "none", a.Overlaps(b));
        Assert.Equal(without == "none", a.IsSubsetOf(b));
        Assert.Equal((a | b).GetHashCode(), (b | a).GetHashCode());
    }

    [Fact]
    public void GroupSet_OfAnAccumulator_GivesTheSameSet()
    {
        ulong[] words = new ulong[2];
        GroupSet set = new(words, 100);
        set.Add(3);
        set.Add(99);

        GroupMask mask = GroupMask.From(set);
        ulong[] back = [1, 1];
        mask.CopyTo(back);

        Assert.Equal(set.ToString(), mask.ToString());
        Assert.Equal(words, back);
        Assert.Throws<ArgumentException>(() => mask.CopyTo(new ulong[1]));
    }

    [Fact]
    public void RangeIndex_InJson_IsPairsOfValueAndCount()
    {
        GenerationPlan plan = Reports.Plan(Reports.Of(0, 5, "0-1", (0, 5, "none", "none")), Reports.Of(1, 5, "2", (1, 5, "none", "none")));

        Assert.Contains("\"use_of_range\":[0,4]", System.Text.Encoding.UTF8.GetString(plan.ToBytes()), StringComparison.Ordinal);
    }
}

using System.Text;
using Olmo.Actors.Worlds;
using Olmo.Model.Steps;

namespace Olmo.Actors.Tests.Worlds;

public sealed class WorldJsonTests
{
    [Fact]
    public void Report_ReadAndWritten_IsTheSame()
    {
        WorldReport report = Reports.Of(1, 5, "2", (0, 5, "0-2", "3"), (1, 6, "none", "none")) with
        {
            Applied = new AppliedStep(6, 6, new StepDecision(StepOutcome.SkipNonFinite, double.NaN, 0.0, new LossParts(-1, 2, 3, 4), -1), ulong.MaxValue),
        };

        WorldReport back = WorldReport.Parse(report.ToBytes());

        Assert.Equal(report.ToBytes(), back.ToBytes());
        Assert.Equal(report.Applied, back.Applied);
        Assert.Equal(report.Pieces, back.Pieces);
        Assert.Equal(report.Shards.AsEnumerable(), back.Shards.AsEnumerable());
        Assert.Equal(new SumPieces(GroupMask.Range(0, 3), GroupMask.Of(3)), back.PiecesOf(0, 1, 2));
    }

    [Fact]
    public void Plan_ReadAndWritten_IsTheSame()
    {
        GenerationPlan plan = Reports.Plan(Reports.Of(0, 5, "0-1", (0, 5, "0-2", "none")), Reports.Of(1, 5, "2", (1, 5, "2", "none")));

        GenerationPlan back = GenerationPlan.Parse(plan.ToBytes());

        Assert.Equal(plan.ToBytes(), back.ToBytes());
        Assert.Equal(plan.Membership().AsEnumerable(), back.Membership().AsEnumerable());
        Assert.Equal(plan.RangeOf(1, 1).Use.AsEnumerable(), back.RangeOf(1, 1).Use.AsEnumerable());
    }

    [Theory]
    [InlineData("\"pieces\":[0,2]", "\"pieces\":[0,3]")]
    [InlineData("\"pieces\":[0,2]", "\"pieces\":[1,2]")]
    [InlineData("\"pieces\":[0,2]", "\"pieces\":[0,0]")]
    [InlineData("\"pieces\":[0,2]", "\"pieces\":[0,2000000000]")]
    [InlineData("\"own\":\"0-2\"", "\"own\":\"2-0\"")]
    [InlineData("\"rank_id\":1,", "")]
    public void Report_ThatContradictsItself_IsRefused(string part, string wrong)
    {
        string text = Encoding.UTF8.GetString(Reports.Of(1, 5, "2", (0, 5, "0-2", "3")).ToBytes());
        Assert.Contains(part, text, StringComparison.Ordinal);

        byte[] bytes = Encoding.UTF8.GetBytes(text.Replace(part, wrong, StringComparison.Ordinal));

        // An index that is merely longer than the report's shards is the recipe's to refuse.
        if (wrong == "\"pieces\":[0,3]")
        {
            Assert.Throws<InvalidDataException>(() => WorldFormation.Plan(Reports.Generation, 0, Reports.ThreeRanks, Reports.Members, [WorldReport.Parse(bytes)]));
        }
        else
        {
            Assert.Throws<InvalidDataException>(() => WorldReport.Parse(bytes));
        }
    }
}

using Olmo.Actors.Worlds;

namespace Olmo.Actors.Tests.Worlds;

public sealed class AuditPlanTests
{
    private const int Groups = 12;

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    public void Duties_OverAsManyAuditsAsRanks_MakeEachRankTheSubjectOnce(int ranks)
    {
        HashSet<int> subjects = [];
        HashSet<(int Subject, int Auditor)> pairs = [];
        for (long audit = 1; audit <= ranks * (ranks - 1); audit++)
        {
            AuditDuty duty = Duty(50 * audit, ranks);
            Assert.NotEqual(duty.Subject, duty.Auditor);
            Assert.InRange(duty.Auditor, 0, ranks - 1);
            Assert.True(RunOf(ranks)(duty.Subject).Contains(duty.Group));
            Assert.Equal(ranks < 3, duty.Third < 0);
            Assert.True(duty.Third != duty.Subject && duty.Third != duty.Auditor);
            pairs.Add((duty.Subject, duty.Auditor));
            subjects.Add(duty.Subject);
            Assert.Equal(duty, Duty(50 * audit, ranks));
        }

        Assert.Equal(ranks, subjects.Count);
        Assert.True(pairs.Count > ranks || ranks == 2, $"{pairs.Count} pairs");
    }

    [Fact]
    public void Duty_OfAWorldOfOne_IsItsOwnAuditor() => Assert.Equal((0, 0, -1), Duty(50, 1) is var d ? (d.Subject, d.Auditor, d.Third) : default);

    [Fact]
    public void Duty_OfASubjectWithoutARun_TakesAnyGroup() => Assert.InRange(AuditPlan.DutyOf(7, 50, 100, 3, Groups, _ => default).Group, 0, Groups - 1);

    [Theory]
    [InlineData(0, 50, false)]
    [InlineData(50, 0, false)]
    [InlineData(50, 49, false)]
    [InlineData(50, 100, true)]
    public void Audit_IsDueEverySoManySteps(long interval, long step, bool isDue) => Assert.Equal(isDue, AuditPlan.IsDue(interval, step));

    [Theory]
    [InlineData(1ul, null, null, AuditOutcome.Pending, -1)]
    [InlineData(1ul, 1ul, null, AuditOutcome.Agreed, -1)]
    [InlineData(1ul, 2ul, null, AuditOutcome.Differs, -1)]
    [InlineData(1ul, 2ul, 2ul, AuditOutcome.Convicted, 1)]
    [InlineData(1ul, 2ul, 1ul, AuditOutcome.Convicted, 2)]
    [InlineData(1ul, 2ul, 3ul, AuditOutcome.Undecided, -1)]
    public void Verdict_OfThree_IsTheMajoritys(ulong? subject, ulong? auditor, ulong? third, AuditOutcome outcome, int convicted) =>
        Assert.Equal(new AuditVerdict(outcome, convicted), AuditPlan.Judge(new AuditDuty(1, 2, 0, 5), new AuditDigests(subject, auditor, third)));

    [Theory]
    [InlineData(1ul, 2ul, null, 2ul, AuditOutcome.Differs, -1)]
    [InlineData(1ul, 2ul, 2ul, 2ul, AuditOutcome.Convicted, 0)]
    [InlineData(1ul, 2ul, 1ul, 1ul, AuditOutcome.Convicted, 1)]
    [InlineData(1ul, 2ul, 3ul, 2ul, AuditOutcome.Convicted, 0)]
    [InlineData(1ul, 2ul, 1ul, 2ul, AuditOutcome.Undecided, -1)]
    [InlineData(1ul, 2ul, 3ul, 4ul, AuditOutcome.Undecided, -1)]
    public void Verdict_OfTwo_IsAgainstWhoDoesNotComeToTheSameTwice(ulong subject, ulong auditor, ulong? subjectAgain, ulong? auditorAgain, AuditOutcome outcome, int convicted) =>
        Assert.Equal(
            new AuditVerdict(outcome, convicted),
            AuditPlan.Judge(new AuditDuty(0, 1, -1, 5), new AuditDigests(subject, auditor, null, subjectAgain, auditorAgain)));

    [Fact]
    public void Verdict_OfOne_IsAgainstItself() =>
        Assert.Equal(AuditVerdict.Convicts(0), AuditPlan.Judge(new AuditDuty(0, 0, -1, 5), new AuditDigests(1, 2)));

    private static AuditDuty Duty(long step, int ranks) => AuditPlan.DutyOf(7, 50, step, ranks, Groups, RunOf(ranks));

    private static Func<int, GroupMask> RunOf(int ranks) => position => GroupMask.Range(position * Groups / ranks, (position + 1) * Groups / ranks);
}

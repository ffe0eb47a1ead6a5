using Olmo.Model.Numerics;

namespace Olmo.Actors.Worlds;

/// <summary>
/// Which steps are audited, who is audited in them and by whom: pure functions of the run's seed, the step and the world, so that nobody needs to be told. One rank's contribution
/// of one group is computed again by another; equal digests are all that it takes, since the same group has the same bits everywhere.
/// </summary>
public static class AuditPlan
{
    /// <summary>Is a step audited?</summary>
    /// <param name="interval">Every how many steps; 0: never.</param>
    /// <param name="step">The step.</param>
    public static bool IsDue(long interval, long step) => interval > 0 && step > 0 && step % interval == 0;

    /// <summary>Who does what in an audited step. Over as many audits as there are ranks each is the subject once, and the auditor of a subject changes from round to round.</summary>
    /// <param name="seed">The run's.</param>
    /// <param name="interval">Every how many steps.</param>
    /// <param name="step">The step.</param>
    /// <param name="ranks">Ranks of the world.</param>
    /// <param name="groups">G</param>
    /// <param name="runOf">Groups that the rank at a position sums itself in the step.</param>
    public static AuditDuty DutyOf(ulong seed, long interval, long step, int ranks, int groups, Func<int, GroupMask> runOf)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(interval, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(ranks, 1);
        ArgumentNullException.ThrowIfNull(runOf);
        long audit = step / interval;
        uint lot = Philox.Block((uint)audit, (uint)(audit >> 32), 0, 0, (uint)seed, (uint)(seed >> 32) ^ 0x41554454).W0;
        int subject = (int)(((audit % ranks) + (long)(seed % (ulong)ranks)) % ranks);
        int auditor = ranks == 1 ? subject : Nth(subject, 1 + (int)(audit / ranks % (ranks - 1)), ranks);
        int third = ranks < 3 ? -1 : Nth(subject, 1 + (int)(((audit / ranks) + 1) % (ranks - 1)), ranks);
        GroupMask run = runOf(subject);
        int nth = (int)(lot % (uint)(run.IsEmpty ? groups : run.Count));
        int group = nth;
        for (int g = 0; !run.IsEmpty && g < groups; g++)
        {
            if (run.Contains(g) && nth-- == 0)
            {
                group = g;
                break;
            }
        }

        return new AuditDuty(subject, auditor, third, group);
    }

    /// <summary>What follows from the digests that were said, the same on every rank.</summary>
    public static AuditVerdict Judge(in AuditDuty duty, in AuditDigests said)
    {
        if (said.Subject is not { } first || said.Auditor is not { } second)
        {
            return AuditVerdict.Pending;
        }

        if (first == second)
        {
            return AuditVerdict.Agreed;
        }

        if (duty.Subject == duty.Auditor)
        {
            return AuditVerdict.Convicts(duty.Subject); // a world of one: it differs from itself
        }

        if (duty.Third >= 0)
        {
            return said.Third is not { } third ? AuditVerdict.Differs
                : third == second ? AuditVerdict.Convicts(duty.Subject)
                : third == first ? AuditVerdict.Convicts(duty.Auditor)
                : AuditVerdict.Undecided;
        }

        if (said.SubjectAgain is not { } firstAgain || said.AuditorAgain is not { } secondAgain)
        {
            return AuditVerdict.Differs;
        }

        // A rank that does not come to its own digest twice is wrong; two that both do are wrong or right in the same way each time, and nobody else can tell.
        bool subjectIsSteady = firstAgain == first;
        bool auditorIsSteady = secondAgain == second;
        return subjectIsSteady == auditorIsSteady ? AuditVerdict.Undecided : AuditVerdict.Convicts(subjectIsSteady ? duty.Auditor : duty.Subject);
    }

    private static int Nth(int subject, int distance, int ranks) => (subject + distance) % ranks;
}

/// <summary>Who does what in an audited step, by position.</summary>
/// <param name="Subject">Whose contribution is computed again.</param>
/// <param name="Auditor">Who computes it; the subject itself in a world of one.</param>
/// <param name="Third">Who decides if the digests differ; -1 in a world of one or two.</param>
/// <param name="Group">The group.</param>
public readonly record struct AuditDuty(int Subject, int Auditor, int Third, int Group);

/// <summary>Digests of the group's gradient as fixed point and of its scalars, as far as they were said.</summary>
/// <param name="Subject">Of what the subject added to its sums.</param>
/// <param name="Auditor">Of what the auditor computed.</param>
/// <param name="Third">Of what the third rank computed.</param>
/// <param name="SubjectAgain">In a world of two: of what the subject computed once more.</param>
/// <param name="AuditorAgain">In a world of two: of what the auditor computed once more.</param>
public readonly record struct AuditDigests(ulong? Subject, ulong? Auditor, ulong? Third = null, ulong? SubjectAgain = null, ulong? AuditorAgain = null);

/// <summary>How an audit ends.</summary>
/// <param name="Outcome">What it is.</param>
/// <param name="Convicted">Position of who computed wrong; -1 where nobody is.</param>
public readonly record struct AuditVerdict(AuditOutcome Outcome, int Convicted)
{
    /// <summary>Digests are still to come.</summary>
    public static AuditVerdict Pending { get; } = new(AuditOutcome.Pending, -1);

    /// <summary>The two digests are equal: the step may be announced.</summary>
    public static AuditVerdict Agreed { get; } = new(AuditOutcome.Agreed, -1);

    /// <summary>The two differ; who decides computes.</summary>
    public static AuditVerdict Differs { get; } = new(AuditOutcome.Differs, -1);

    /// <summary>Nobody can tell who is wrong.</summary>
    public static AuditVerdict Undecided { get; } = new(AuditOutcome.Undecided, -1);

    /// <summary>A rank computed wrong.</summary>
    public static AuditVerdict Convicts(int position) => new(AuditOutcome.Convicted, position);
}

/// <summary>Outcomes of an audit. Numbers stand on the wire and are never reused.</summary>
public enum AuditOutcome
{
    /// <summary>Digests are still to come.</summary>
    Pending = 0,

    /// <summary>Equal.</summary>
    Agreed = 1,

    /// <summary>Different, and not decided yet.</summary>
    Differs = 2,

    /// <summary>A rank computed wrong.</summary>
    Convicted = 3,

    /// <summary>Different, and nobody can tell who is wrong.</summary>
    Undecided = 4,
}

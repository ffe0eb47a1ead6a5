using Olmo.Actors.Runs;
using Olmo.Actors.Worlds;
using Olmo.Model.State;
using Olmo.Model.Steps;

namespace Olmo.Actors.Ranks;

/// <content>
/// Audit (rule 18): errors before the sum give equal announcements, so now and then a rank computes a group of another again, before anybody announces. It costs the auditor
/// one group every <see cref="OlmoRankSettings.AuditInterval"/> steps, and the subject two readings of its sums; other steps do nothing for it.
/// </content>
public sealed partial class WorldEngine
{
    private (long Step, int Group, ulong Digest) _measured = (0, -1, 0);
    private const int SpoiltBit = 36; // 2^-12 of a gradient: drills spoil what makes a difference
    private long _audits;
    private bool _flipsGradient;

    /// <summary>Audits that ended with equal digests.</summary>
    public long AuditsAgreed => Interlocked.Read(ref _audits);

    // One group of the run, whose digest is what the sums gain by it: the digest is linear, so the sums of other groups do not matter.
    private bool RunGroupOfRun(WorldGeneration generation, StepBatch batch, int group)
    {
        bool isMeasured = AuditPlan.IsDue(_settings.AuditInterval, batch.Step) && generation.SumStep == batch.Step
            && generation.AssignAudit(_settings.Seed, _settings.AuditInterval) is var duty && duty.Subject == generation.Self && duty.Group == group;
        ulong before = isMeasured && !_run.Computed.IsEmpty ? Local.Digest() : 0;
        if (!RunGroup(generation.Plan.Data, Local, batch, group))
        {
            return false;
        }

        if (isMeasured)
        {
            _measured = (batch.Step, group, Local.Digest() - before);
        }

        return true;
    }

    // True: the step may be announced. False: the generation is over.
    private bool Audit(WorldGeneration generation, StepBatch batch)
    {
        if (!AuditPlan.IsDue(_settings.AuditInterval, batch.Step) || !Drill.Guards.Audit)
        {
            return true;
        }

        Probe.Reached(Phases.Audit, batch.Step);
        AuditDuty duty = generation.AssignAudit(_settings.Seed, _settings.AuditInterval);
        bool isSubject = duty.Subject == generation.Self, isAuditor = duty.Auditor == generation.Self;
        if (isSubject && !Say(generation, batch, AuditPart.Subject, duty, _measured.Step == batch.Step && _measured.Group == duty.Group ? _measured.Digest : null))
        {
            return false;
        }

        if (isAuditor && !Say(generation, batch, AuditPart.Auditor, duty, null))
        {
            return false;
        }

        _sections.Enter(RankSection.Audit, batch.Step);
        if (!Await(generation, static g => g.Verdict.Outcome is not AuditOutcome.Pending))
        {
            return false;
        }

        if (VerdictOf(generation).Outcome is AuditOutcome.Differs)
        {
            AuditPart? part = duty.Third == generation.Self ? AuditPart.Third
                : duty.Third >= 0 ? null
                : isSubject ? AuditPart.SubjectAgain : AuditPart.AuditorAgain;
            if (part is { } said && !Say(generation, batch, said, duty, null))
            {
                return false;
            }
        }

        _sections.Enter(RankSection.Audit, batch.Step);
        return Await(generation, static g => g.Verdict.Outcome is not (AuditOutcome.Pending or AuditOutcome.Differs)) && Conclude(generation, batch.Step, duty);
    }

    private bool Conclude(WorldGeneration generation, long step, in AuditDuty duty)
    {
        AuditVerdict verdict = VerdictOf(generation);
        bool isAgreed = verdict.Outcome is AuditOutcome.Agreed;
        if (isAgreed)
        {
            Interlocked.Increment(ref _audits);
        }

        // Who is convicted may still speak, but nobody listens to it where there is somebody else.
        if (isAgreed ? generation.Self == 0 : verdict.Convicted != generation.Self || generation.World.Ranks == 1)
        {
            Found?.Invoke(new AuditEnded(
                generation.Number, step, duty.Group, generation.Plan.Members[duty.Subject], generation.Plan.Members[duty.Auditor], verdict.Outcome,
                verdict.Convicted < 0 ? -1 : generation.Plan.Members[verdict.Convicted]));
        }

        return isAgreed || Await(generation, static _ => false); // nothing is announced in this world any more
    }

    private AuditVerdict VerdictOf(WorldGeneration generation)
    {
        lock (Gate)
        {
            return generation.Verdict;
        }
    }

    private bool Say(WorldGeneration generation, StepBatch batch, AuditPart part, in AuditDuty duty, ulong? known)
    {
        if ((known ?? ComputeForAudit(generation, batch, duty.Group)) is not { } digest)
        {
            return false;
        }

        generation.Say(part, digest);
        return true;
    }

    // Neither counted nor noted in the ledger: it contributes nothing.
    private ulong? ComputeForAudit(WorldGeneration generation, StepBatch batch, int group)
    {
        if (!Await(generation, static g => g.SinglesAreSent))
        {
            return null;
        }

        GradientAccumulator single = EmptySingle(_ => OnBackward(batch.Step));
        return RunGroup(generation.Plan.Data, single, batch, group, counts: false) ? single.Digest() : null;
    }
}

using Olmo.Actors.Worlds;

namespace Olmo.Actors.Ranks;

/// <content>An audited step: what the ranks say of one group's gradient, told to all, so that all come to the same verdict (rule 18).</content>
internal sealed partial class WorldGeneration
{
    private AuditDigests _auditSaid;

    /// <summary>What follows from what was said until now; under the gate.</summary>
    public AuditVerdict Verdict => AuditPlan.Judge(Duty, _auditSaid);

    /// <summary>Who does what in the step in work, which is audited; set by the compute thread.</summary>
    public AuditDuty Duty { get; private set; }

    /// <summary>Finds who does what in the step in work.</summary>
    public AuditDuty AssignAudit(ulong seed, long interval)
    {
        long step = SumStep;
        AuditDuty duty = AuditPlan.DutyOf(seed, interval, step, World.Ranks, World.Groups, position => WorldDuties.RunOf(Plan, World, step, position));
        lock (_engine.Gate)
        {
            Duty = duty;
        }

        return duty;
    }

    /// <summary>By the compute thread: a digest that this rank has found goes to all.</summary>
    public void Say(AuditPart part, ulong digest)
    {
        lock (_engine.Gate)
        {
            Note(part, digest);
            Monitor.PulseAll(_engine.Gate);
        }

        if (World.Ranks > 1)
        {
            Enqueue(new Outgoing(OutgoingKind.Audit, (int)part, Step: _sumStep, Digest: digest));
        }
    }

    private void SendAudit(in Outgoing next)
    {
        for (int i = 1; i < World.Ranks; i++)
        {
            Send((Self + i) % World.Ranks, WorldMessageKind.Audit, new WorldHeader(next.Step, Detail: next.Layer, Digest: next.Digest), []);
        }
    }

    private void OnAudit(in WorldHeader head)
    {
        if (!Enum.IsDefined((AuditPart)head.Detail))
        {
            throw new InvalidDataException($"a digest of the unknown part {head.Detail} of an audit");
        }

        if (!WaitTurn(head.Step, 0))
        {
            return;
        }

        lock (_engine.Gate)
        {
            if (head.Step == _sumStep)
            {
                Note((AuditPart)head.Detail, head.Digest);
                Monitor.PulseAll(_engine.Gate);
            }
        }
    }

    private void Note(AuditPart part, ulong digest) => _auditSaid = part switch
    {
        AuditPart.Subject => _auditSaid with { Subject = digest },
        AuditPart.Auditor => _auditSaid with { Auditor = digest },
        AuditPart.Third => _auditSaid with { Third = digest },
        AuditPart.SubjectAgain => _auditSaid with { SubjectAgain = digest },
        AuditPart.AuditorAgain => _auditSaid with { AuditorAgain = digest },
        _ => throw new InvalidOperationException($"{part}"),
    };
}

/// <summary>Whose digest it is. Numbers stand on the wire.</summary>
internal enum AuditPart
{
    Subject = 1,
    Auditor = 2,
    Third = 3,
    SubjectAgain = 4,
    AuditorAgain = 5,
}

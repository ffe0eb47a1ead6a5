using Olmo.Actors.Worlds;

namespace Olmo.Actors.Drills;

/// <summary>
/// Mechanisms that keep a run right when something fails. A drill switches one off to show what it prevents: <c>drill.without</c> names it in kebab case. The product
/// has all of them on.
/// </summary>
public sealed record Guards
{
    /// <summary>Every guard on.</summary>
    public static Guards All { get; } = new();

    /// <summary>Rules of the step protocol, each by its own name.</summary>
    public ProtocolRules Rules { get; init; } = ProtocolRules.All;

    /// <summary>The supervisor of ranks acts on a process that ended and on a rank that lost a peer.</summary>
    public bool LossWatch { get; init; } = true;

    /// <summary>A new world goes on from what survivors hold.</summary>
    public bool Survivors { get; init; } = true;

    /// <summary>A world that comes from no survivor resumes from the newest committed checkpoint, not from initial weights.</summary>
    public bool CheckpointResume { get; init; } = true;

    /// <summary>A checkpoint whose ranks changed before it was whole is abandoned by an event.</summary>
    public bool EndUnfinished { get; init; } = true;

    /// <summary>A file is written under a temporary name and gets its own when it is whole.</summary>
    public bool AtomicPut { get; init; } = true;

    /// <summary>A rank sends a report again until it is answered.</summary>
    public bool ResendReports { get; init; } = true;

    /// <summary>A step that is committed is not committed a second time.</summary>
    public bool OnceCommitted { get; init; } = true;

    /// <summary>A new supervisor adopts ranks that went on stepping.</summary>
    public bool Adoption { get; init; } = true;

    /// <summary>A loader that failed is restarted at its step.</summary>
    public bool LoaderRestart { get; init; } = true;

    /// <summary>A checkpoint that cannot be written ends as an abandoned one, and steps go on.</summary>
    public bool SaveFailure { get; init; } = true;

    /// <summary>A shard file is used only with the SHA-256 of its manifest.</summary>
    public bool FileDigest { get; init; } = true;

    /// <summary>A checkpoint that cannot be read is rejected and an older one is used.</summary>
    public bool FallBack { get; init; } = true;

    /// <summary>A block of state from another rank is used only with its checksum.</summary>
    public bool ChunkDigest { get; init; } = true;

    /// <summary>A shard of state from another rank counts only with its digest.</summary>
    public bool StateDigest { get; init; } = true;

    /// <summary>A world of fewer ranks than wanted grows when a rank is ready.</summary>
    public bool Growth { get; init; } = true;

    /// <summary>A run that is asked to stop saves the state of its last step first.</summary>
    public bool StopCheckpoint { get; init; } = true;

    /// <summary>Steps go on while the journal is away, as long as its budget lasts.</summary>
    public bool JournalOutage { get; init; } = true;

    /// <summary>An audited step is announced only when two ranks have computed a group alike.</summary>
    public bool Audit { get; init; } = true;

    /// <summary>A place whose ranks were convicted of wrong arithmetic again is not used any more.</summary>
    public bool PlaceQuarantine { get; init; } = true;

    /// <summary>A group that fails in the same way inside two ranks is quarantined.</summary>
    public bool Quarantine { get; init; } = true;

    /// <summary>The flag of values that are not finite decides about a step.</summary>
    public bool NonFinite { get; init; } = true;

    /// <summary>The window of losses and norms decides about a step.</summary>
    public bool Spike { get; init; } = true;

    /// <summary>A rank of which nothing is heard counts as lost.</summary>
    public bool SilenceWatch { get; init; } = true;

    /// <summary>Sections of a rank's work that take too long are told.</summary>
    public bool StepWatch { get; init; } = true;

    /// <summary>The speed of ranks is compared.</summary>
    public bool SlowWatch { get; init; } = true;

    /// <summary>A rank's process is ready only when it has passed its self-test.</summary>
    public bool SelfTest { get; init; } = true;

    /// <summary>When a rank died while it staged a checkpoint, fewer shards are staged at once.</summary>
    public bool StagingLimit { get; init; } = true;

    /// <summary>What a world that is over held is freed.</summary>
    public bool Release { get; init; } = true;

    /// <summary>Names that <see cref="Without"/> knows, in ordinal order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Switches().Keys];

    /// <summary>All guards but those that are named.</summary>
    /// <exception cref="ArgumentException">No guard has such a name.</exception>
    public static Guards Without(IEnumerable<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        SortedDictionary<string, Func<Guards, Guards>> switches = Switches();
        Guards guards = All;
        foreach (string name in names)
        {
            guards = switches.TryGetValue(name, out Func<Guards, Guards>? off) ? off(guards) : throw new ArgumentException($"no guard is called '{name}'", nameof(names));
        }

        return guards;
    }

    private static SortedDictionary<string, Func<Guards, Guards>> Switches() => new(StringComparer.Ordinal)
    {
        ["loss-watch"] = g => g with { LossWatch = false },
        ["survivors"] = g => g with { Survivors = false },
        ["checkpoint-resume"] = g => g with { CheckpointResume = false },
        ["end-unfinished"] = g => g with { EndUnfinished = false },
        ["atomic-put"] = g => g with { AtomicPut = false },
        ["resend-reports"] = g => g with { ResendReports = false },
        ["once-committed"] = g => g with { OnceCommitted = false },
        ["adoption"] = g => g with { Adoption = false },
        ["loader-restart"] = g => g with { LoaderRestart = false },
        ["save-failure"] = g => g with { SaveFailure = false },
        ["file-digest"] = g => g with { FileDigest = false },
        ["fall-back"] = g => g with { FallBack = false },
        ["chunk-digest"] = g => g with { ChunkDigest = false },
        ["state-digest"] = g => g with { StateDigest = false },
        ["growth"] = g => g with { Growth = false },
        ["stop-checkpoint"] = g => g with { StopCheckpoint = false },
        ["journal-outage"] = g => g with { JournalOutage = false },
        ["silence-watch"] = g => g with { SilenceWatch = false },
        ["step-watch"] = g => g with { StepWatch = false },
        ["slow-watch"] = g => g with { SlowWatch = false },
        ["staging-limit"] = g => g with { StagingLimit = false },
        ["self-test"] = g => g with { SelfTest = false },
        ["audit"] = g => g with { Audit = false },
        ["place-quarantine"] = g => g with { PlaceQuarantine = false },
        ["quarantine"] = g => g with { Quarantine = false },
        ["non-finite"] = g => g with { NonFinite = false },
        ["spike"] = g => g with { Spike = false },
        ["release"] = g => g with { Release = false },
        ["disjoint"] = g => g with { Rules = g.Rules with { Disjoint = false } },
        ["equal-digests"] = g => g with { Rules = g.Rules with { EqualDigests = false } },
        ["own-only"] = g => g with { Rules = g.Rules with { OwnOnly = false } },
        ["full-set"] = g => g with { Rules = g.Rules with { FullSet = false } },
        ["retain"] = g => g with { Rules = g.Rules with { Retain = false } },
        ["singles"] = g => g with { Rules = g.Rules with { Singles = false } },
        ["one-generation"] = g => g with { Rules = g.Rules with { OneGeneration = false } },
        ["roll-forward"] = g => g with { Rules = g.Rules with { RollForward = false } },
        ["no-early-apply"] = g => g with { Rules = g.Rules with { NoEarlyApply = false } },
        ["exact-base"] = g => g with { Rules = g.Rules with { ExactBase = false } },
        ["promise"] = g => g with { Rules = g.Rules with { Promise = false } },
        ["refuse-old-plans"] = g => g with { Rules = g.Rules with { RefuseOldPlans = false } },
        ["verified-state"] = g => g with { Rules = g.Rules with { VerifiedState = false } },
        ["keep-moved"] = g => g with { Rules = g.Rules with { KeepMoved = false } },
        ["gather-anew"] = g => g with { Rules = g.Rules with { GatherAnew = false } },
        ["report-verified-only"] = g => g with { Rules = g.Rules with { ReportVerifiedOnly = false } },
        ["thawed-is-spare"] = g => g with { Rules = g.Rules with { ThawedIsSpare = false } },
    };
}

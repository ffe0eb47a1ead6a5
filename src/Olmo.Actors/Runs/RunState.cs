using System.Collections.Immutable;
using Olmo.Actors.Checkpoints;
using Olmo.Actors.Worlds;
using Olmo.Data.Instances;

namespace Olmo.Actors.Runs;

/// <summary>State of a run: a fold of its events, nothing else.</summary>
public sealed record RunState
{
    /// <summary>Faults that are remembered: more than any budget of the supervision ladder may allow, so that the state stays small however long the run.</summary>
    public const int MaxFaultsKept = 4096;

    /// <summary>The state before the first event.</summary>
    public static RunState Initial { get; } = new();

    /// <summary>What the run was created with, or null before.</summary>
    public RunCreated? Created { get; init; }

    /// <summary>Keys that decide bits, as the current timeline has them.</summary>
    public IReadOnlyDictionary<string, string> NumericSettings { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Version of everything that decides bits, as the current timeline has it; null before the run was created.</summary>
    public string? NumericsId
    {
        get => field ?? Created?.NumericsId;
        init;
    }

    /// <summary>Steps of the training on the current timeline.</summary>
    public long TotalSteps { get; init; }

    /// <summary>Branch of the run; 0 from the start.</summary>
    public int Timeline { get; init; }

    /// <summary>First step that belongs to the current timeline; checkpoints of older timelines count up to here.</summary>
    public long TimelineFrom { get; init; }

    /// <summary>Which steps of older timelines belong to this one's history.</summary>
    public Lineage Lineage
    {
        get => field ?? (Timeline == 0 ? Lineage.First : Lineage.First.Open(Timeline, TimelineFrom));
        init;
    }

    /// <summary>Which batch a step takes, and which groups count as zero.</summary>
    public DataCourse Data
    {
        get => field ?? DataCourse.Whole;
        init;
    }

    /// <summary>The newest roll-back, or null.</summary>
    public RollBackMade? RolledBack { get; init; }

    /// <summary>Timeline whose state at <see cref="TimelineFrom"/> is this one's too, or null.</summary>
    public int? CarriedTimeline { get; init; }

    /// <summary>Number of the newest world; 0 before the first.</summary>
    public long Generation { get; init; }

    /// <summary>Ranks of the newest world whose plan may have been sent, by position.</summary>
    public ImmutableArray<WorldMember> Members { get; init; } = [];

    /// <summary>Faults that may count against the budget: the newest, at most <see cref="MaxFaultsKept"/>, oldest first.</summary>
    public ImmutableList<RankFaulted> Faults { get; init; } = [];

    /// <summary>What is known of the members, and of earlier ones that were at fault; by rank.</summary>
    public ImmutableList<RankRecord> Ranks { get; init; } = [];

    /// <summary>Convictions of ranks in this run.</summary>
    public int Convictions => Ranks.Sum(r => r.Convictions);

    /// <summary>No conviction of a member reaches further back: the newest checkpoint up to here must stay.</summary>
    public long CleanStep => Members.IsDefaultOrEmpty ? 0 : Members.Min(m => CleanStepOf(m.RankId));

    /// <summary>Up to which step a rank is known to have computed right.</summary>
    public long CleanStepOf(int rank) => Ranks.Find(r => r.RankId == rank)?.CleanStep ?? 0;

    /// <summary>Generations in a row that failed at or before the step where the one before failed.</summary>
    public int FaultsWithoutProgress { get; init; }

    /// <summary>Whether ranks stage one shard at a time, as one of them died while it staged.</summary>
    public bool StagesInTurn { get; init; }

    /// <summary>Whether somebody asked to stop.</summary>
    public bool Stopping { get; init; }

    /// <summary>Why the run stands still, or null while it runs.</summary>
    public RunStopped? Stopped { get; init; }

    /// <summary>The next state. Pure; unknown events throw, as a run must never be resumed from half its history.</summary>
    public static RunState Apply(RunState state, RunEvent happened) => happened switch
    {
        RunCreated e => state with { Created = e, NumericSettings = e.NumericSettings, TotalSteps = e.TotalSteps },
        TimelineOpened e => state with
        {
            Timeline = e.Timeline,
            TimelineFrom = e.FromStep,
            NumericSettings = e.NumericSettings,
            NumericsId = e.NumericsId ?? state.NumericsId,
            TotalSteps = e.TotalSteps,
            Lineage = state.Lineage.Open(e.Timeline, e.FromStep),
            Data = e.Discarded is { } discarded ? state.Data.Discard(discarded) : state.Data,
            RolledBack = e.RollBack is { } kind ? new RollBackMade(kind, e.AtStep, e.FromStep) : state.RolledBack,
            CarriedTimeline = e.CarriesState ? state.Timeline : null,
            Faults = [],
            FaultsWithoutProgress = 0,
        },
        GroupQuarantined e => state with { Data = state.Data.Quarantine(new QuarantinedGroup(e.Batch, e.Group, e.Kind is FaultKind.Loader)) },
        GenerationStarted e => state with { Generation = e.Generation, Stopped = null, Stopping = false },
        WorldFormed e => state with { Members = e.Members, Ranks = RecordsOf(state.Ranks, e) },
        AuditPassed e => state with { Ranks = [.. state.Ranks.Select(r => r.RankId == e.Subject || r.RankId == e.Auditor ? r with { CleanStep = Math.Max(r.CleanStep, e.Step) } : r)] },
        SumsVoided e => state with { Ranks = [.. state.Ranks.Select(r => e.Suspects.Contains(r.RankId) ? r with { VoidSums = r.VoidSums + 1 } : r)] },
        RankConvicted e => state with { Ranks = [.. state.Ranks.Select(r => r.RankId == e.RankId ? r with { Convictions = r.Convictions + 1 } : r)] },
        RankFaulted e => state with
        {
            Faults = (state.Faults.Count < MaxFaultsKept ? state.Faults : state.Faults.RemoveAt(0)).Add(e),
            FaultsWithoutProgress = state.Faults.Count > 0 && IsNoProgress(state.Faults[^1], e) ? state.FaultsWithoutProgress + 1 : 0,
        },
        RankSlow => state,
        StagingLimited => state with { StagesInTurn = true },
        StopRequested => state with { Stopping = true },
        RunStopped e => state with { Stopped = e, Stopping = false, StagesInTurn = false, Faults = [], FaultsWithoutProgress = 0 },
        _ => throw new InvalidOperationException($"{happened.GetType().Name} is no event of a run."),
    };

    // A checkpoint that cannot be read is rejected, and an older one is the next; of the same one the run hears again only where that did not help.
    private static bool IsNoProgress(RankFaulted last, RankFaulted next) => next.Kind is FaultKind.UnreadableCheckpoint
        ? last.Kind is FaultKind.UnreadableCheckpoint && next.Step == last.Step && next.Generation > last.Generation
        : next.Step <= last.Step;

    // Whoever joins is answerable for what it does from here on, and so is everybody in a world that went back.
    private static ImmutableList<RankRecord> RecordsOf(ImmutableList<RankRecord> records, WorldFormed formed)
    {
        bool goesOn = formed.Source is StateSource.Survivors;
        IEnumerable<RankRecord> members = formed.Members.Select(m => records.Find(r => r.RankId == m.RankId) is { } known
            ? known with { CleanStep = goesOn ? known.CleanStep : Math.Min(known.CleanStep, formed.StateStep) }
            : new RankRecord(m.RankId, formed.StateStep));
        IEnumerable<RankRecord> former = records.Where(r => r.VoidSums + r.Convictions > 0 && formed.Members.All(m => m.RankId != r.RankId));
        return [.. members.Concat(former).OrderBy(r => r.RankId)];
    }
}

using System.Collections.Immutable;
using Olmo.Actors.Worlds;
using Olmo.Data.Instances;

namespace Olmo.Actors.Runs;

/// <summary>A fact about a run, in its journal. Fields are only ever added, with defaults.</summary>
public abstract record RunEvent;

/// <summary>The run exists: its numeric settings and what they were resolved to, the data it trains on and the length of the training.</summary>
/// <param name="Run">Name of the run.</param>
/// <param name="NumericsId">Version of everything that decides bits.</param>
/// <param name="NumericSettings">Every key that decides bits, with its resolved value.</param>
/// <param name="LayoutHash">Hash of tensors, chunks and shards.</param>
/// <param name="DataFingerprint">Hash of the token files.</param>
/// <param name="TotalSteps">Steps of the training.</param>
public sealed record RunCreated(
    string Run, string NumericsId, IReadOnlyDictionary<string, string> NumericSettings, string LayoutHash, string DataFingerprint, long TotalSteps) : RunEvent;

/// <summary>A branch of the run begins at a step; steps of the timeline before it stay what they are.</summary>
/// <param name="Timeline">Its number.</param>
/// <param name="FromStep">Last step that it shares with the one before.</param>
/// <param name="NumericSettings">Keys that decide bits.</param>
/// <param name="Reason">One sentence for a person.</param>
/// <param name="TotalSteps">Steps of the training.</param>
/// <param name="Discarded">Batches of the order of the data that no step takes from here on; null: no more than before.</param>
/// <param name="RollBack">Why the run went back, or null where nobody went back.</param>
/// <param name="AtStep">Step that was refused then.</param>
/// <param name="CarriesState">State and sums of ranks at <paramref name="FromStep"/> in the timeline before count in this one.</param>
/// <param name="NumericsId">Version of everything that decides bits; null: that of the timeline before.</param>
public sealed record TimelineOpened(
    int Timeline, long FromStep, IReadOnlyDictionary<string, string> NumericSettings, string Reason, long TotalSteps, BatchRange? Discarded = null, FaultKind? RollBack = null,
    long AtStep = 0, bool CarriesState = false, string? NumericsId = null) : RunEvent;

/// <summary>A group whose batch failed in the same way inside two ranks counts as zero from now on (rule 17). Journalled before it is used; a timeline is opened with it.</summary>
/// <param name="Step">Step in which it failed.</param>
/// <param name="Group">The group.</param>
/// <param name="Kind">Reading or computing.</param>
/// <param name="Ranks">Ranks in which it failed.</param>
/// <param name="Batch">Number of its batch in the order of the data.</param>
/// <param name="ErrorType">Type of what was thrown in both.</param>
public sealed record GroupQuarantined(long Step, int Group, FaultKind Kind, ImmutableArray<int> Ranks, long Batch, string ErrorType) : RunEvent;

/// <summary>A new world: its number is journalled before anybody is told.</summary>
/// <param name="Generation">Rises with every world of the run.</param>
/// <param name="Token">The lease's token under which this was written.</param>
/// <param name="Timeline">Branch of the run.</param>
/// <param name="ResumeStep">Steps that are done; 0 starts from initial weights.</param>
/// <param name="Reason">One sentence for a person.</param>
public sealed record GenerationStarted(long Generation, long Token, int Timeline, long ResumeStep, string Reason) : RunEvent;

/// <summary>Who the members of a world are and where its state comes from; journalled before its plan is sent.</summary>
/// <param name="Generation">The world.</param>
/// <param name="Members">By position, with the generation since which each belongs to the world.</param>
/// <param name="StateStep">Steps that its state has seen.</param>
/// <param name="Source">Survivors, a checkpoint, or initial weights.</param>
/// <param name="Reason">One sentence for a person.</param>
public sealed record WorldFormed(long Generation, ImmutableArray<WorldMember> Members, long StateStep, StateSource Source, string Reason) : RunEvent;

/// <summary>A rank failed.</summary>
/// <param name="Generation">World.</param>
/// <param name="Kind">What kind of failure.</param>
/// <param name="Message">For a person.</param>
/// <param name="Step">Step at which it failed.</param>
/// <param name="At">When the supervisor heard of it.</param>
/// <param name="RankId">Who failed.</param>
/// <param name="Group">Group of the step that failed in the process, or -1.</param>
/// <param name="ErrorType">Type of what was thrown for that group.</param>
public sealed record RankFaulted(
    long Generation, FaultKind Kind, string Message, long Step, DateTimeOffset At, int RankId = 0, int Group = -1, string? ErrorType = null) : RunEvent;

/// <summary>Owners announced sums of a shard that differ, or that are not those of their contributions; nothing was applied, and the sums were made again (rule 8).</summary>
/// <param name="Generation">World.</param>
/// <param name="Step">Step.</param>
/// <param name="Attempt">The attempt that was void.</param>
/// <param name="Shard">The first void shard.</param>
/// <param name="Suspects">Ranks whose sums were not those of their contributions.</param>
/// <param name="At">When the supervisor heard of it.</param>
public sealed record SumsVoided(long Generation, long Step, int Attempt, int Shard, ImmutableArray<int> Suspects, DateTimeOffset At) : RunEvent;

/// <summary>A group of a rank was computed again by another with the same digest: both computed right up to here, as far as anybody can know.</summary>
public sealed record AuditPassed(long Generation, long Step, int Group, int Subject, int Auditor) : RunEvent;

/// <summary>An audit found that a rank computed wrong: its process ends, and the steps since its last clean audit are executed again on a new timeline (rule 18).</summary>
/// <param name="Generation">World.</param>
/// <param name="RankId">Who computed wrong.</param>
/// <param name="Step">The audited step.</param>
/// <param name="CleanStep">Step of its last clean audit, or where it joined.</param>
/// <param name="Times">Ranks that were convicted in this run, this one included.</param>
/// <param name="Reason">One sentence for a person.</param>
/// <param name="At">When the supervisor heard of it.</param>
public sealed record RankConvicted(long Generation, int RankId, long Step, long CleanStep, int Times, string Reason, DateTimeOffset At) : RunEvent;

/// <summary>A rank computed groups more slowly than the fastest one for several windows of steps in a row.</summary>
/// <param name="Generation">World.</param>
/// <param name="RankId">The rank.</param>
/// <param name="Step">Last step of the window that flagged it.</param>
/// <param name="Score">The fastest rank's time for a group over its own.</param>
/// <param name="IsReplaced">A spare takes its place.</param>
/// <param name="At">When the supervisor heard of it.</param>
public sealed record RankSlow(long Generation, int RankId, long Step, double Score, bool IsReplaced, DateTimeOffset At) : RunEvent;

/// <summary>A rank's process died before it had written its part of a checkpoint, as where memory is short: until the run stops, checkpoints are staged one shard at a time.</summary>
/// <param name="RankId">The rank.</param>
/// <param name="Step">Step of the checkpoint.</param>
/// <param name="At">When the supervisor heard of it.</param>
public sealed record StagingLimited(int RankId, long Step, DateTimeOffset At) : RunEvent;

/// <summary>Somebody asked the run to stop after the checkpoint of the step that is named to the ranks.</summary>
public sealed record StopRequested(string By, DateTimeOffset At) : RunEvent;

/// <summary>The run stands still, for a typed reason.</summary>
public sealed record RunStopped(StopReason Reason, string Detail, long Step) : RunEvent;

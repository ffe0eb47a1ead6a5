using System.Text.Json.Serialization;
using Olmo.Actors.Checkpoints;
using Olmo.Actors.Runs;

namespace Olmo.Actors.Contracts;

/// <summary>Every event and snapshot of this project that is ever stored: the host registers exactly these. Names are never reused, and a change of meaning is a new version.</summary>
public static class JournalContracts
{
    /// <summary>The list.</summary>
    public static IReadOnlyList<Contract> All { get; } =
    [
        new("run.created", 1, JournalJson.Default.RunCreated),
        new("run.timeline-opened", 1, JournalJson.Default.TimelineOpened),
        new("run.group-quarantined", 1, JournalJson.Default.GroupQuarantined),
        new("run.generation-started", 1, JournalJson.Default.GenerationStarted),
        new("run.world-formed", 1, JournalJson.Default.WorldFormed),
        new("run.rank-faulted", 1, JournalJson.Default.RankFaulted),
        new("run.stop-requested", 1, JournalJson.Default.StopRequested),
        new("run.stopped", 1, JournalJson.Default.RunStopped),
        new("run.sums-voided", 1, JournalJson.Default.SumsVoided),
        new("run.audit-passed", 1, JournalJson.Default.AuditPassed),
        new("run.rank-convicted", 1, JournalJson.Default.RankConvicted),
        new("run.rank-slow", 1, JournalJson.Default.RankSlow),
        new("run.staging-limited", 1, JournalJson.Default.StagingLimited),
        new("checkpoint.suspected", 1, JournalJson.Default.CheckpointSuspected),
        new("checkpoint.begun", 1, JournalJson.Default.CheckpointBegun),
        new("checkpoint.committed", 1, JournalJson.Default.CheckpointCommitted),
        new("checkpoint.abandoned", 1, JournalJson.Default.CheckpointAbandoned),
        new("checkpoint.rejected", 1, JournalJson.Default.CheckpointRejected),
        new("checkpoint.retired", 1, JournalJson.Default.CheckpointRetired),
        new("run.state", 1, JournalJson.Default.RunState),
        new("checkpoint.state", 1, JournalJson.Default.CheckpointsState),
    ];
}

/// <summary>Generated readers and writers of events and snapshots.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true,
    UseStringEnumConverter = false)]
[JsonSerializable(typeof(RunCreated))]
[JsonSerializable(typeof(TimelineOpened))]
[JsonSerializable(typeof(GroupQuarantined))]
[JsonSerializable(typeof(GenerationStarted))]
[JsonSerializable(typeof(WorldFormed))]
[JsonSerializable(typeof(RankFaulted))]
[JsonSerializable(typeof(SumsVoided))]
[JsonSerializable(typeof(AuditPassed))]
[JsonSerializable(typeof(RankConvicted))]
[JsonSerializable(typeof(RankSlow))]
[JsonSerializable(typeof(StagingLimited))]
[JsonSerializable(typeof(CheckpointSuspected))]
[JsonSerializable(typeof(StopRequested))]
[JsonSerializable(typeof(RunStopped))]
[JsonSerializable(typeof(CheckpointBegun))]
[JsonSerializable(typeof(CheckpointCommitted))]
[JsonSerializable(typeof(CheckpointAbandoned))]
[JsonSerializable(typeof(CheckpointRejected))]
[JsonSerializable(typeof(CheckpointRetired))]
[JsonSerializable(typeof(RunState))]
[JsonSerializable(typeof(CheckpointsState))]
internal sealed partial class JournalJson : JsonSerializerContext;

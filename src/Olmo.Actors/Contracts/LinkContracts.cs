using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Olmo.Actors.Checkpoints;
using Olmo.Actors.Links;
using Olmo.Actors.Nodes;
using Olmo.Actors.Ranks;
using Olmo.Actors.Runs;

namespace Olmo.Actors.Contracts;

/// <summary>Every message that is ever sent between processes: nothing else can be sent or received. Names are never reused, and a change of meaning is a new version.</summary>
public static class LinkContracts
{
    /// <summary>The list for a node or a coordinator, whose handles of actors become addresses and back.</summary>
    /// <param name="addressOf">Address of a handle; publishes the actor if it lives in this process.</param>
    /// <param name="resolve">Handle of an address.</param>
    public static IReadOnlyList<Contract> Create(Func<IActorRef, string> addressOf, Func<string, IActorRef> resolve)
    {
        LinkJson json = JsonOf(addressOf, resolve);
        return
        [
            .. OfRanks(json),

            // Between node and coordinator.
            Of<RequestStop>(json, "run.request-stop"),
            Of<WaitingForRanks>(json, "run.waiting-for-ranks"),
            Of<WorldRecovered>(json, "run.world-recovered"),
            Of<JournalUnavailable>(json, "run.journal-unavailable"),
            Of<JournalAvailable>(json, "run.journal-available"),
            Of<SupervisorUp>(json, "node.supervisor-up"),
            Of<ProcessList>(json, "node.process-list"),
            Of<ProcessEnded>(json, "node.process-ended"),
            Of<StartProcesses>(json, "node.start-processes"),
            Of<KillProcess>(json, "node.kill-process"),

            // What the coordinator journalled, for those who watch.
            .. JournalContracts.All,
        ];
    }

    /// <summary>The list for a rank: what it is told and what it says. Of the others' messages it knows nothing, and compiles nothing for them when it starts.</summary>
    /// <param name="addressOf">Address of a handle; publishes the actor if it lives in this process.</param>
    /// <param name="resolve">Handle of an address.</param>
    public static IReadOnlyList<Contract> CreateForRank(Func<IActorRef, string> addressOf, Func<string, IActorRef> resolve) => OfRanks(JsonOf(addressOf, resolve));

    private static Contract[] OfRanks(LinkJson json) =>
    [
        // To a rank.
        Of<Adopt>(json, "rank.adopt"),
        Of<Prepare>(json, "rank.prepare"),
        Of<FormWorld>(json, "rank.form-world"),
        Of<Train>(json, "rank.train"),
        Of<LimitStaging>(json, "rank.limit-staging"),
        Of<StopAtBoundary>(json, "rank.stop-at-boundary"),
        Of<StopAt>(json, "rank.stop-at"),
        Of<Abort>(json, "rank.abort"),
        Of<Finish>(json, "rank.finish"),
        Of<CheckpointSettled>(json, "checkpoint.settled"),
        Of<EndProcess>(json, "node.end-process"),

        // From a rank.
        Of<RankReport>(json, "rank.report"),
        Of<RankPrepared>(json, "rank.prepared"),
        Of<RankReady>(json, "rank.ready"),
        Of<RankFailed>(json, "rank.failed"),
        Of<RankStopped>(json, "rank.stopped"),
        Of<StopNamed>(json, "rank.stop-named"),
        Of<PeerLost>(json, "rank.peer-lost"),
        Of<DescribeWork>(json, "rank.describe-work"),
        Of<WorkDescribed>(json, "rank.work-described"),
        Of<SectionOverdue>(json, "rank.section-overdue"),
        Of<ComputeTimes>(json, "rank.compute-times"),
        Of<SumsVoid>(json, "rank.sums-void"),
        Of<AuditEnded>(json, "rank.audit-ended"),
        Of<RankFinished>(json, "rank.finished"),
        Of<StepCompleted>(json, "rank.step-completed"),
        Of<BeginCheckpoint>(json, "checkpoint.begin"),
        Of<ShardsStored>(json, "checkpoint.shards-stored"),
        Of<CheckpointFailed>(json, "checkpoint.failed"),
        Of<ProcessReady>(json, "node.process-ready"),
    ];

    private static LinkJson JsonOf(Func<IActorRef, string> addressOf, Func<string, IActorRef> resolve) => new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters = { new ActorRefJsonConverter(addressOf, resolve), new DoubleJsonConverter() },
    });

    private static Contract Of<T>(LinkJson json, string name) => new(name, 1, (JsonTypeInfo<T>)json.GetTypeInfo(typeof(T))!);
}

/// <summary>Generated readers and writers of the messages.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata, UseStringEnumConverter = false)]
[JsonSerializable(typeof(Adopt))]
[JsonSerializable(typeof(Prepare))]
[JsonSerializable(typeof(RankPrepared))]
[JsonSerializable(typeof(WaitingForRanks))]
[JsonSerializable(typeof(WorldRecovered))]
[JsonSerializable(typeof(SupervisorUp))]
[JsonSerializable(typeof(FormWorld))]
[JsonSerializable(typeof(Train))]
[JsonSerializable(typeof(LimitStaging))]
[JsonSerializable(typeof(StopAtBoundary))]
[JsonSerializable(typeof(StopAt))]
[JsonSerializable(typeof(StopNamed))]
[JsonSerializable(typeof(PeerLost))]
[JsonSerializable(typeof(Abort))]
[JsonSerializable(typeof(Finish))]
[JsonSerializable(typeof(CheckpointSettled))]
[JsonSerializable(typeof(RankReport))]
[JsonSerializable(typeof(RankReady))]
[JsonSerializable(typeof(RankFailed))]
[JsonSerializable(typeof(RankStopped))]
[JsonSerializable(typeof(DescribeWork))]
[JsonSerializable(typeof(WorkDescribed))]
[JsonSerializable(typeof(SectionOverdue))]
[JsonSerializable(typeof(ComputeTimes))]
[JsonSerializable(typeof(SumsVoid))]
[JsonSerializable(typeof(AuditEnded))]
[JsonSerializable(typeof(RankFinished))]
[JsonSerializable(typeof(StepCompleted))]
[JsonSerializable(typeof(BeginCheckpoint))]
[JsonSerializable(typeof(ShardsStored))]
[JsonSerializable(typeof(CheckpointFailed))]
[JsonSerializable(typeof(RequestStop))]
[JsonSerializable(typeof(JournalUnavailable))]
[JsonSerializable(typeof(JournalAvailable))]
[JsonSerializable(typeof(ProcessReady))]
[JsonSerializable(typeof(ProcessList))]
[JsonSerializable(typeof(ProcessEnded))]
[JsonSerializable(typeof(StartProcesses))]
[JsonSerializable(typeof(KillProcess))]
[JsonSerializable(typeof(EndProcess))]
internal sealed partial class LinkJson : JsonSerializerContext;

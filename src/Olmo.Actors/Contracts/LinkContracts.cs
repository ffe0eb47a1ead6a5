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
    /// <summary>The list for one process, whose handles of actors become addresses and back.</summary>
    /// <param name="addressOf">Address of a handle; publishes the actor if it lives in this process.</param>
    /// <param name="resolve">Handle of an address.</param>
    public static IReadOnlyList<Contract> Create(Func<IActorRef, string> addressOf, Func<string, IActorRef> resolve)
    {
        LinkJson json = new(new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            RespectNullableAnnotations = true,
            RespectRequiredConstructorParameters = true,
            Converters = { new ActorRefJsonConverter(addressOf, resolve), new DoubleJsonConverter() },
        });
        return
        [
            // To a rank.
            Of<Adopt>("rank.adopt"),
            Of<Prepare>("rank.prepare"),
            Of<FormWorld>("rank.form-world"),
            Of<Train>("rank.train"),
            Of<LimitStaging>("rank.limit-staging"),
            Of<StopAtBoundary>("rank.stop-at-boundary"),
            Of<StopAt>("rank.stop-at"),
            Of<Abort>("rank.abort"),
            Of<Finish>("rank.finish"),
            Of<CheckpointSettled>("checkpoint.settled"),

            // From a rank.
            Of<RankReport>("rank.report"),
            Of<RankPrepared>("rank.prepared"),
            Of<RankReady>("rank.ready"),
            Of<RankFailed>("rank.failed"),
            Of<RankStopped>("rank.stopped"),
            Of<StopNamed>("rank.stop-named"),
            Of<PeerLost>("rank.peer-lost"),
            Of<DescribeWork>("rank.describe-work"),
            Of<WorkDescribed>("rank.work-described"),
            Of<SectionOverdue>("rank.section-overdue"),
            Of<ComputeTimes>("rank.compute-times"),
            Of<SumsVoid>("rank.sums-void"),
            Of<AuditEnded>("rank.audit-ended"),
            Of<RankFinished>("rank.finished"),
            Of<StepCompleted>("rank.step-completed"),
            Of<BeginCheckpoint>("checkpoint.begin"),
            Of<ShardsStored>("checkpoint.shards-stored"),
            Of<CheckpointFailed>("checkpoint.failed"),

            // Between node, coordinator and ranks.
            Of<RequestStop>("run.request-stop"),
            Of<WaitingForRanks>("run.waiting-for-ranks"),
            Of<WorldRecovered>("run.world-recovered"),
            Of<JournalUnavailable>("run.journal-unavailable"),
            Of<JournalAvailable>("run.journal-available"),
            Of<ProcessReady>("node.process-ready"),
            Of<SupervisorUp>("node.supervisor-up"),
            Of<ProcessList>("node.process-list"),
            Of<ProcessEnded>("node.process-ended"),
            Of<StartProcesses>("node.start-processes"),
            Of<KillProcess>("node.kill-process"),
            Of<EndProcess>("node.end-process"),

            // What the coordinator journalled, for those who watch.
            .. JournalContracts.All,
        ];

        Contract Of<T>(string name) => new(name, 1, (JsonTypeInfo<T>)json.GetTypeInfo(typeof(T))!);
    }
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

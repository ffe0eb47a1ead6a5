using System.Collections.Immutable;
using System.Text;
using Olmo.Actors.Checkpoints;
using Olmo.Actors.Contracts;
using Olmo.Actors.Nodes;
using Olmo.Actors.Ranks;
using Olmo.Actors.Runs;
using Olmo.Actors.Worlds;
using Olmo.Runtime.Actor;
using Olmo.Runtime.Contracts;
using Olmo.Runtime.Storage;

namespace Olmo.Actors.Tests.Links;

/// <summary>The JSON of every message, letter by letter: what another version of this program must read.</summary>
public sealed class LinkContractsTests
{
    private static readonly CheckpointFacts Facts = new(480, "n1", "l", "d", "0:8", "");
    private static readonly ShardEntry Shard = new(3, "shards/3-aa.safetensors", "aa", 128);
    private static readonly GenerationPlan Plan =
        ((FormationResult.Formed)WorldFormation.FromState(4, 0, new WorldRecipe(1, 1, 1, 2, 2, 1), [], [7], null)).Plan;

    private readonly ContractRegistry _registry = new(LinkContracts.Create(_ => "coordinator/user/run", _ => ActorRefs.Nobody));

    public static TheoryData<string, object, string> Messages => new()
    {
        { "rank.adopt:1", new Adopt(ActorRefs.Nobody, ActorRefs.Nobody), """{"supervisor":"coordinator/user/run","checkpoints":"coordinator/user/run"}""" },
        { "rank.prepare:1", new Prepare(4), """{"generation":4}""" },
        {
            "rank.form-world:1", new FormWorld(Plan, ["127.0.0.1:9000"], "c2VjcmV0", ActorRefs.Nobody),
            $$"""{"plan":{{Encoding.UTF8.GetString(Plan.ToBytes())}},"data_plane":["127.0.0.1:9000"],"secret":"c2VjcmV0","checkpoints":"coordinator/user/run"}"""
        },
        { "rank.train:1", new Train(4, 900), """{"generation":4,"total_steps":900}""" },
        { "rank.stop-at-boundary:1", new StopAtBoundary(4), """{"generation":4}""" },
        { "rank.stop-at:1", new StopAt(4, 9), """{"generation":4,"step":9}""" },
        { "rank.stop-named:1", new StopNamed(4, 9), """{"generation":4,"step":9}""" },
        { "rank.peer-lost:1", new PeerLost(4, 2, "m", new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero)), """{"generation":4,"rank_id":2,"message":"m","at":"2026-01-02T03:04:05+00:00"}""" },
        { "rank.abort:1", new Abort(4, "why"), """{"generation":4,"reason":"why"}""" },
        { "rank.finish:1", new Finish(4), """{"generation":4}""" },
        { "checkpoint.settled:1", new CheckpointSettled(0, 8, true, "m"), """{"timeline":0,"step":8,"is_committed":true,"detail":"m"}""" },
        {
            "rank.report:1", new RankReport(2, 4, 0, RankPhase.Training, 8, null, null),
            """{"rank_id":2,"generation":4,"timeline":0,"phase":3,"step":8,"failure":null,"finished":null}"""
        },
        {
            "rank.ready:1", new RankReady(4, 8, 2, new JoinReport(TimeSpan.Zero, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3), 5, true)),
            """{"generation":4,"step":8,"rank_id":2,"join":{"warm":"00:00:00","take":"00:00:01","connect":"00:00:02","transfer":"00:00:03","moved_bytes":5,"rolled_forward":true}}"""
        },
        {
            "rank.failed:1", new RankFailed(4, FaultKind.Compute, "m", 8, "f", Group: 5, ErrorType: "E"),
            """{"generation":4,"kind":2,"message":"m","step":8,"bad_file":"f","rank_id":0,"group":5,"error_type":"E"}"""
        },
        {
            "rank.stopped:1", new RankStopped(4, 8, true, new CheckpointSettled(0, 8, true, "m"), 2),
            """{"generation":4,"step":8,"is_complete":true,"checkpoint":{"timeline":0,"step":8,"is_committed":true,"detail":"m"},"rank_id":2}"""
        },
        {
            "rank.finished:1", new RankFinished(4, 8, "aa", double.NaN, 0, "model"),
            """{"generation":4,"step":8,"weights_sha256":"aa","held_out_loss":"NaN","held_out_tokens":0,"model_folder":"model"}"""
        },
        {
            "rank.step-completed:1", new StepCompleted(0, 4, 8, 1.5, 0.25, double.PositiveInfinity, 0.001, true, 60, 480, TimeSpan.FromMilliseconds(1500), TimeSpan.Zero, 1e6, 1e9, 9, 12, ulong.MaxValue),
            """{"timeline":0,"generation":4,"step":8,"loss":1.5,"z_loss":0.25,"gradient_norm":"Infinity","learning_rate":0.001,"is_skipped":true,"tokens":60,"tokens_seen":480,"duration":"00:00:01.5000000","wait_for_data":"00:00:00","model_flops":1000000,"peak_flops":1000000000,"batch":9,"sequences":12,"token_hash":18446744073709551615}"""
        },
        { "rank.describe-work:1", new DescribeWork(4), """{"generation":4}""" },
        {
            "rank.work-described:1", new WorkDescribed(4, 2, RankSection.Forward, 8, 1.5, true, null),
            """{"generation":4,"rank_id":2,"section":3,"step":8,"seconds":1.5,"is_overdue":true,"operations":null}"""
        },
        {
            "rank.section-overdue:1", new SectionOverdue(4, 2, RankSection.Sums, 8, 1.5, 1.25),
            """{"generation":4,"rank_id":2,"section":5,"step":8,"seconds":1.5,"limit":1.25}"""
        },
        { "rank.compute-times:1", new ComputeTimes(4, 2, 20, 0.5), """{"generation":4,"rank_id":2,"window_end":20,"seconds_per_group":0.5}""" },
        { "rank.sums-void:1", new SumsVoid(4, 8, 1, 3, [2]), """{"generation":4,"step":8,"attempt":1,"shard":3,"suspects":[2]}""" },
        {
            "rank.audit-ended:1", new AuditEnded(4, 8, 5, 1, 2, AuditOutcome.Convicted, 1),
            """{"generation":4,"step":8,"group":5,"subject":1,"auditor":2,"outcome":3,"convicted":1}"""
        },
        { "checkpoint.begin:1", new BeginCheckpoint(0, 8, 4, 3, [1, 5]), """{"timeline":0,"step":8,"generation":4,"rank_id":3,"shards":[1,5]}""" },
        {
            "checkpoint.shards-stored:1", new ShardsStored(0, 8, 4, Facts, [Shard], 2),
            """{"timeline":0,"step":8,"generation":4,"facts":{"tokens_seen":480,"numerics_id":"n1","layout_hash":"l","data_fingerprint":"d","data_cursor":"0:8","run_state":"","ledger":""},"shards":[{"shard":3,"name":"shards/3-aa.safetensors","sha256":"aa","length_bytes":128}],"rank_id":2}"""
        },
        { "rank.limit-staging:1", new LimitStaging(4), """{"generation":4}""" },
        { "checkpoint.failed:1", new CheckpointFailed(0, 8, 4, "full"), """{"timeline":0,"step":8,"generation":4,"reason":"full"}""" },
        {
            "rank.prepared:1", new RankPrepared(WorldReport.Spare(7, 4), "127.0.0.1:9000"),
            $$"""{"report":{{Encoding.UTF8.GetString(WorldReport.Spare(7, 4).ToBytes())}},"data_plane":"127.0.0.1:9000"}"""
        },
        {
            "run.world-recovered:1",
            new WorldRecovered(
                4, RecoveryKind.PartialBase, [1, 3], [2], 8, 8, 6, 0, 5, 1, new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
                new RecoveryTimes(default, default, default, default, default, default, default, default, TimeSpan.FromSeconds(3), default), "why"),
            """{"generation":4,"kind":6,"members":[1,3],"lost":[2],"state_step":8,"newest_step":8,"recomputed":6,"recomputed_of_living":0,"moved_bytes":5,"attempts":1,"detected_at":"2026-01-02T03:04:05+00:00","times":{"detect":"00:00:00","number":"00:00:00","reports":"00:00:00","plan":"00:00:00","form":"00:00:00","warm":"00:00:00","take":"00:00:00","connect":"00:00:00","transfer":"00:00:03","abandoned":"00:00:00"},"reason":"why"}"""
        },
        { "run.waiting-for-ranks:1", new WaitingForRanks(4, 1, 2), """{"generation":4,"ranks":1,"min_ranks":2}""" },
        { "node.supervisor-up:1", new SupervisorUp(2), """{"number":2}""" },
        { "run.request-stop:1", new RequestStop("signal"), """{"by":"signal"}""" },
        { "run.journal-unavailable:1", new JournalUnavailable("locked"), """{"reason":"locked"}""" },
        { "run.journal-available:1", new JournalAvailable(), "{}" },
        {
            "node.process-ready:1", new ProcessReady(2, 100, TimeSpan.FromSeconds(1), 5000),
            """{"number":2,"process_id":100,"start_to_ready":"00:00:01","resident_bytes":5000}"""
        },
        { "node.process-list:1", new ProcessList([new RankProcess(2, true, false)]), """{"ranks":[{"rank":2,"is_ready":true,"is_silent":false}]}""" },
        { "node.process-ended:1", new ProcessEnded(2, null, 9), """{"rank":2,"exit_code":null,"signal":9}""" },
        { "node.start-processes:1", new StartProcesses(3), """{"target":3}""" },
        { "node.kill-process:1", new KillProcess(2, "hung", true), """{"rank":2,"reason":"hung","bars_place":true}""" },
        { "node.end-process:1", new EndProcess("over"), """{"reason":"over"}""" },
    };

    [Theory]
    [MemberData(nameof(Messages))]
    public void Message_Encoded_IsTheGoldenJsonAndReadsBack(string manifest, object message, string json)
    {
        (string found, byte[] payload) = _registry.Encode(message);

        Assert.Equal(manifest, found);
        Assert.Equal(json, Encoding.UTF8.GetString(payload));
        object back = _registry.DecodeStrict(manifest, payload);
        Assert.Equal(message.GetType(), back.GetType());
        Assert.Equal(payload, _registry.Encode(back).Payload);
    }

    [Fact]
    public void List_EveryMessageOfItsOwn_HasAGoldenJson()
    {
        ImmutableHashSet<string> events = [.. JournalContracts.All.Select(c => c.Manifest)];
        string[] golden = [.. Messages.Select(row => (string)row[0]).Order(StringComparer.Ordinal)];

        Assert.Equal(_registry.Contracts.Select(c => c.Manifest).Where(m => !events.Contains(m)).Order(StringComparer.Ordinal), golden);
    }

    [Fact]
    public void RankList_HasAPartOfTheMessagesAndNoEvent()
    {
        ContractRegistry ofRank = new(LinkContracts.CreateForRank(_ => "coordinator/user/run", _ => ActorRefs.Nobody));
        string[] names = [.. ofRank.Contracts.Select(c => c.Name)];

        Assert.Subset(_registry.Contracts.Select(c => c.Name).ToHashSet(), names.ToHashSet());
        Assert.Empty(names.Intersect(JournalContracts.All.Select(c => c.Name)));
        (string manifest, byte[] payload) = _registry.Encode(new KillProcess(2, "hung", true));
        Assert.Throws<UnknownManifestException>(() => ofRank.DecodeStrict(manifest, payload));
        Assert.Throws<ArgumentException>(() => ofRank.Encode(new KillProcess(2, "hung", true)));
    }
}

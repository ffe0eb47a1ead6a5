using System.Collections.Immutable;
using System.Security.Cryptography;
using Olmo.Actors.Drills;
using Olmo.Actors.ObjectStorage;
using Olmo.Actors.Runs;
using Olmo.Actors.Snapshots;

namespace Olmo.Actors.Checkpoints;

/// <summary>What the coordinator needs to know of the run it serves.</summary>
public sealed record CheckpointCoordinatorSettings(RunIdentity Run, int Shards, long TotalSteps, CheckpointPolicy Policy, int SnapshotInterval)
{
    /// <summary>Guards that are on.</summary>
    public Guards Guards { get; init; } = Guards.All;

    /// <summary>Whether the run's supervisor says by <see cref="KeepUpTo"/> what must be kept: until it has, nothing is retired.</summary>
    public bool AwaitsNeeded { get; init; }
}

/// <summary>
/// Phase 2 of a checkpoint. Collects the owners' reports; when every shard of a step stands and all agree, writes the immutable manifest and then
/// appends <see cref="CheckpointCommitted"/>: that row, and no file, decides what a run resumes. Retention and the collection of garbage follow a commit. Event-sourced;
/// a restart loses only reports, which the ranks send again.
/// </summary>
public sealed partial class CheckpointCoordinator : SnapshotActor<CheckpointsState, CheckpointEvent>
{
    private readonly CheckpointCoordinatorSettings _settings;
    private readonly IObjectStore _store;
    private readonly TimeProvider _time;
    private readonly IPhaseProbe _probe;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<(int Timeline, long Step), PendingCheckpoint> _pending = [];
    private readonly HashSet<(int Timeline, long Step)> _committing = [];
    private readonly Dictionary<(int Timeline, long Step), HashSet<IActorRef>> _reporters = [];
    private readonly Dictionary<(int Timeline, long Step), SortedDictionary<int, ImmutableArray<int>>> _writers = []; // by rank, as long as an attempt is under way
    private readonly Dictionary<(int Timeline, long Step), HashSet<int>> _stored = []; // ranks whose part of an attempt is written
    private readonly Dictionary<(int Timeline, long Step), long> _cutShort = []; // by the generation that ended the attempt
    private bool _collecting;
    private long? _needed;

    /// <summary>Serves one run.</summary>
    public CheckpointCoordinator(CheckpointCoordinatorSettings settings, IObjectStore store, TimeProvider time, IPhaseProbe probe)
        : base(CheckpointsState.Initial, CheckpointsState.Apply, settings.SnapshotInterval)
    {
        _settings = settings;
        _store = store;
        _time = time;
        _probe = probe;
        PersistenceId = $"checkpoints/{settings.Run.Name}";

        Recover<RecoveryCompleted>(_ => Context.System.EventStream.Publish(new JournalAvailable())); // a recovery claims the journal: it was written

        Command<FindCheckpoint>(OnFind);
        Command<BeginCheckpoint>(OnBegin);
        Command<ShardsStored>(OnShardsStored);
        Command<ManifestWritten>(OnManifestWritten);
        Command<ManifestFailed>(OnManifestFailed);
        Command<CheckpointFailed>(OnCheckpointFailed);
        Command<EndUnfinished>(OnEndUnfinished);
        Command<MemberDied>(OnMemberDied, _ => _settings.Guards.StagingLimit);
        Command<RejectCheckpoint>(OnReject);
        Command<SuspectCheckpoints>(OnSuspect);
        Command<KeepUpTo>(m => _needed = m.Step);
        Command<GarbageCollected>(OnGarbageCollected);
        Command<GetCheckpointsStatus>(_ => Sender.Tell(new CheckpointsStatus(
            [.. State.Begun.Select(b => b.Step).Order()], [.. _pending.Keys.Select(k => k.Step).Order()], [.. _committing.Select(k => k.Step).Order()], _collecting)));
    }

    /// <inheritdoc />
    public override string PersistenceId { get; }

    private void OnFind(FindCheckpoint find)
    {
        if (find.AwaitsSettled && State.Begun.Exists(b => b.Timeline == find.Lineage.Timeline && b.Step <= find.AtMost))
        {
            return; // whoever asks hears when it is settled, and asks again
        }

        Sender.Tell(new CheckpointFound(State.NewestUpTo(find.Lineage, find.AtMost), State.Committed.Count > 0 || State.Rejected.Count > 0));
    }

    private void OnBegin(BeginCheckpoint begin)
    {
        bool isOver = State.AbandonedAt.Exists(a => a.Timeline == begin.Timeline && a.Step == begin.Step && begin.Generation < a.Generation)
            || (_settings.Guards.OnceCommitted && State.Committed.Exists(c => c.Timeline == begin.Timeline && c.Step == begin.Step));
        if (isOver)
        {
            return; // begun again it would never end: its reports are answered as those of an attempt that is over
        }

        if (!_writers.TryGetValue((begin.Timeline, begin.Step), out SortedDictionary<int, ImmutableArray<int>>? writers))
        {
            _writers[(begin.Timeline, begin.Step)] = writers = [];
        }

        writers[begin.RankId] = begin.Shards;
        if (State.IsBegun(begin.Timeline, begin.Step))
        {
            return;
        }

        foreach ((int Timeline, long Step) over in _stored.Keys.Where(k => !State.IsBegun(k.Timeline, k.Step)).ToArray())
        {
            _stored.Remove(over);
        }

        _cutShort.Clear();
        Persist(new CheckpointBegun(begin.Timeline, begin.Step, begin.Generation, _time.GetUtcNow()), Update);
    }

    private void OnShardsStored(ShardsStored report)
    {
        if (_collecting)
        {
            Stash.Stash(); // a file that was garbage a moment ago may be one of these
            return;
        }

        (int Timeline, long Step) key = (report.Timeline, report.Step);
        if (_settings.Guards.OnceCommitted && State.Committed.Find(c => c.Timeline == report.Timeline && c.Step == report.Step) is { } done)
        {
            bool equal = report.Shards.All(s => done.Shards.Contains(s.Name));
            Sender.Tell(new CheckpointSettled(report.Timeline, report.Step, equal, equal ? "committed before" : "committed before with other digests"));
            if (!equal)
            {
                _log.Error("step {0} of timeline {1} was committed before with other digests: two contents of one step", report.Step, report.Timeline);
            }

            return;
        }

        if (IsTooLate(key, report.Generation, Sender))
        {
            return;
        }

        if (!_stored.TryGetValue(key, out HashSet<int>? stored))
        {
            _stored[key] = stored = [];
        }

        stored.Add(report.RankId);
        ReportersOf(key).Add(Sender);
        (PendingCheckpoint? next, string? disagreement) = PendingCheckpoint.Add(_pending.GetValueOrDefault(key), report, _settings.Shards);
        if (next is null)
        {
            Abandon(key, report.Generation + 1, disagreement!);
            return;
        }

        _pending[key] = next;
        if (!next.IsComplete(_settings.Shards) || !_committing.Add(key))
        {
            return;
        }

        CheckpointManifest manifest = next.ToManifest(_settings.Run, report.Generation);
        string ledger = next.Facts.Ledger;
        Task.Run(() => Write(manifest, ledger)).PipeTo(Self, failure: e => new ManifestFailed(report.Timeline, report.Step, report.Generation, e.Message));
    }

    private HashSet<IActorRef> ReportersOf((int Timeline, long Step) key)
    {
        if (!_reporters.TryGetValue(key, out HashSet<IActorRef>? reporters))
        {
            _reporters[key] = reporters = [];
        }

        return reporters;
    }

    private bool IsTooLate((int Timeline, long Step) key, long generation, IActorRef reporter)
    {
        if (State.AbandonedAt.Find(a => (a.Timeline, a.Step) == key) is not { } abandoned || generation >= abandoned.Generation)
        {
            return false;
        }

        reporter.Tell(new CheckpointSettled(key.Timeline, key.Step, false, "abandoned before"));
        return true;
    }

    private void Settle((int Timeline, long Step) key, bool isCommitted, string detail)
    {
        CheckpointSettled settled = new(key.Timeline, key.Step, isCommitted, detail);
        _pending.Remove(key);
        _writers.Remove(key);
        _committing.Remove(key);
        if (_reporters.Remove(key, out HashSet<IActorRef>? reporters))
        {
            foreach (IActorRef reporter in reporters)
            {
                reporter.Tell(settled);
            }
        }

        Context.Parent.Tell(settled);
    }

    private ManifestWritten Write(CheckpointManifest manifest, string ledger)
    {
        foreach (ShardEntry shard in manifest.Shards)
        {
            long? length = _store.LengthOf(shard.Name);
            if (length != shard.LengthBytes)
            {
                throw new IOException($"'{shard.Name}' has {(length is null ? "gone" : $"{length:N0} bytes")}, {shard.LengthBytes:N0} were written");
            }
        }

        byte[] bytes = manifest.ToBytes();
        string sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes));
        string name = $"manifests/{manifest.Timeline}-{manifest.Step:D12}-{sha256[..16]}.json";
        _store.PutIfAbsent(name, stream => stream.Write(bytes));
        _probe.Reached(Phases.ManifestWritten, manifest.Step);
        return new ManifestWritten(manifest, name, sha256, ledger);
    }

    private void OnManifestWritten(ManifestWritten written)
    {
        CheckpointManifest manifest = written.Manifest;
        long bytes = 0;
        foreach (ShardEntry shard in manifest.Shards)
        {
            bytes += shard.LengthBytes;
        }

        CheckpointCommitted committed = new(
            manifest.Timeline, manifest.Step, written.Name, written.Sha256, [.. manifest.Shards.Select(s => s.Name)], bytes,
            _settings.Policy.IsPermanent(manifest.Step, _settings.TotalSteps), _time.GetUtcNow(), written.Ledger);
        Persist(committed, e =>
        {
            Update(e);
            _probe.Reached(Phases.RowWritten, e.Step);
            Settle((e.Timeline, e.Step), true, e.Manifest);
            Context.System.EventStream.Publish(e);
            Retire();
        });
    }

    private void OnManifestFailed(ManifestFailed failed)
    {
        _committing.Remove((failed.Timeline, failed.Step));
        Abandon((failed.Timeline, failed.Step), failed.Generation + 1, failed.Reason);
    }

    private sealed record ManifestWritten(CheckpointManifest Manifest, string Name, string Sha256, string Ledger);

    private sealed record ManifestFailed(int Timeline, long Step, long Generation, string Reason);

    private sealed record GarbageCollected(int Names, string? Failure);
}

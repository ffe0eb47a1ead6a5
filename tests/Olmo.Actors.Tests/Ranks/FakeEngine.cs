using System.Buffers.Binary;
using System.Security.Cryptography;
using Olmo.Actors.Checkpoints;
using Olmo.Actors.Collectives;
using Olmo.Actors.ObjectStorage;
using Olmo.Actors.Ranks;
using Olmo.Actors.Worlds;
using Olmo.Data.Instances;
using Olmo.Model.Steps;

namespace Olmo.Actors.Tests.Ranks;

/// <summary>
/// An engine whose state is one number a shard: every step mixes the batch into it, so that a lost, repeated or reordered step changes the end. Faults are
/// injected by a hook that sees every step.
/// </summary>
internal sealed class FakeEngine(int rankId, int shards, Action<long>? beforeStep, (long Step, int Group)? poison = null) : IWorldEngine
{
    private readonly ulong[] _state = new ulong[shards];
    private DataCourse _course = DataCourse.Whole;

    public long Step { get; private set; }

    public long AppliedIn => Standing.Generation;

    public long TokensSeen { get; private set; }

    public double PeakFlops => 1e9;

    public int Ranks => 1;

    public double FlopsPerToken => 1;

    public void Form(WorldIdentity world, CheckpointManifest? manifest, IObjectStore store, CancellationToken abort)
    {
        for (int i = 0; i < _state.Length; i++)
        {
            _state[i] = (ulong)i;
        }

        Step = 0;
        TokensSeen = 0;
        if (manifest is null)
        {
            return;
        }

        foreach (ShardEntry entry in manifest.Shards)
        {
            byte[] bytes = new byte[entry.LengthBytes];
            try
            {
                using Stream stream = store.OpenRead(entry.Name);
                stream.ReadExactly(bytes);
            }
            catch (IOException e)
            {
                throw new CheckpointUnreadableException(manifest.Step, entry.Name, e.Message, e);
            }

            if (Convert.ToHexStringLower(SHA256.HashData(bytes)) != entry.Sha256)
            {
                throw new CheckpointUnreadableException(manifest.Step, entry.Name, "its SHA-256 differs");
            }

            _state[entry.Shard] = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        }

        Step = manifest.Step;
        TokensSeen = manifest.TokensSeen;
    }

    public IReadOnlyList<SectionClock> Clocks => [];

    public MeshOperations? Operations => null;

    public (long Groups, TimeSpan Time) Computing => (Step, TimeSpan.FromSeconds(Step));

    public RankStanding Standing { get; private set; }

    public JoinReport LastJoin => JoinReport.None;

    public event Action<long, MeshError>? WorldFailed
    {
        add { }
        remove { }
    }

    public event Action<IRankFinding>? Found
    {
        add { }
        remove { }
    }

    public WorldReport? Prepare(long generation)
    {
        Standing = Standing with { Promised = generation };
        return WorldReport.Spare(rankId, generation);
    }

    public bool Join(GenerationPlan plan, IObjectStore store, MeshConnector? connect, CancellationToken abort)
    {
        Standing = new RankStanding(plan.Generation, plan.Generation);
        _course = plan.Data;
        Form(new WorldIdentity(plan.Generation, plan.Timeline), plan.Manifest, store, abort);
        return true;
    }

    public void WarmUp(CancellationToken abort)
    {
    }

    public StepMeasurement RunStep(StepBatch batch, CancellationToken abort)
    {
        abort.ThrowIfCancellationRequested();
        beforeStep?.Invoke(Step + 1);
        abort.ThrowIfCancellationRequested();
        if (poison is { } bad && bad.Step == batch.Step && !_course.IsQuarantined(batch.Batch, bad.Group))
        {
            throw new GroupFailedException(bad.Step, bad.Group, new FormatException("poison"));
        }

        for (int i = 0; i < _state.Length; i++)
        {
            foreach (int id in batch.Groups.SelectMany(g => g.Ids))
            {
                _state[i] = (_state[i] * 6364136223846793005UL) + (ulong)id + 1442695040888963407UL;
            }
        }

        Step++;
        long tokens = batch.Groups.Sum(g => g.Tokens);
        TokensSeen += tokens;
        return new StepMeasurement(1.0 / Step, 0, 1, 1e-3, false, tokens);
    }

    public IStagedState Stage() => new Staged(Step, TokensSeen, [.. _state]);

    public IStagedState StageInTurn() => Stage();

    public FinishReport Finish(CancellationToken abort) => new(Digest(_state), 1.5, 10, "model");

    public void Dispose()
    {
    }

    private static string Digest(ulong[] state) => string.Join('-', state.Select(s => s.ToString("x16")));

    private sealed class Staged(long step, long tokens, ulong[] state) : IStagedState
    {
        public long Step => step;

        public CheckpointFacts Facts { get; } = new(tokens, "n1", "layout", "data", $"cursor-{step}", "");

        public IReadOnlyList<int> Shards { get; } = [.. Enumerable.Range(0, state.Length)];

        public ShardEntry Write(int shard, IObjectStore store, CancellationToken cancellationToken)
        {
            byte[] bytes = new byte[16];
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, state[shard]);
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), step);
            string sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes));
            string name = $"shards/{shard}-{sha256}.safetensors";
            store.PutIfAbsent(name, s => s.Write(bytes), cancellationToken);
            return new ShardEntry(shard, name, sha256, bytes.Length);
        }

        public void Dispose()
        {
        }
    }
}

/// <summary>Makes engines with one hook for all of them.</summary>
internal sealed class FakeEngines(int shards) : IRankEngineFactory
{
    public Action<long>? BeforeStep { get; set; }

    /// <summary>Fails wherever it is computed, until it is quarantined.</summary>
    public (long Step, int Group)? Poison { get; set; }

    public IWorldEngine Create(int rankId) => new FakeEngine(rankId, shards, step => BeforeStep?.Invoke(step), Poison);
}

/// <summary>Batches whose tokens are a function of the step; a hook injects faults.</summary>
internal sealed class FakeBatches : IBatchSource
{
    public Action<long>? BeforeRead { get; set; }

    public StepBatch CreateBatch() => new(groups: 2, sequencesPerGroup: 1, sequenceLength: 3, hasDocuments: false);

    public void Read(long step, StepBatch destination)
    {
        BeforeRead?.Invoke(step);
        foreach (GroupBatch group in destination.Groups)
        {
            for (int i = 0; i < group.Ids.Length; i++)
            {
                group.Ids[i] = (int)((step * 31) + (group.Group * 7) + i);
            }
        }

        destination.LabelCount = destination.Groups.Sum(g => g.Tokens);
    }

    public string CursorAfter(long step) => $"cursor-{step}";
}

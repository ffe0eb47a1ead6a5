using System.Collections.Immutable;
using Olmo.Actors.Checkpoints;
using Olmo.Actors.Drills;
using Olmo.Actors.Ranks;
using Olmo.Actors.Worlds;
using Olmo.Data.Instances;
using Olmo.Model.Steps;
using Olmo.Model.Tensors;
using Olmo.TestKit.Collectives;
using Olmo.TestKit.ObjectStorage;

namespace Olmo.Actors.Tests.Ranks;

/// <summary>
/// Ranks of a world as threads, connected by memory; this object plays the coordinator: it gathers reports when a world fails, lets <see cref="WorldFormation"/> plan, and
/// hands the plan out. Plans and reports travel as bytes.
/// </summary>
internal sealed class WorldOfThreads : IDisposable
{
    private readonly object _gate = new();
    private readonly List<WorldRank> _ranks = [];
    private readonly List<MemoryMesh> _meshes = [];
    private readonly int _replicas;
    private readonly int _microBatch;
    private readonly int _threads;
    private readonly DecisionSettings? _decision;
    private readonly IDrill? _drill;
    private ImmutableArray<WorldMember> _members = [];
    private long _generation;
    private int _nextId;

    public WorldOfThreads(int wanted, int replicas, int microBatch = 1, int threads = 1, MemoryObjectStore? store = null, DecisionSettings? decision = null, IDrill? drill = null)
    {
        Wanted = wanted;
        _replicas = replicas;
        _microBatch = microBatch;
        _threads = threads;
        _decision = decision;
        _drill = drill;
        Store = store ?? new MemoryObjectStore(TimeProvider.System);
    }

    public int Wanted { get; set; }

    public MemoryObjectStore Store { get; }

    public IReadOnlyList<WorldRank> Living => [.. _ranks.Where(r => !r.IsDead)];

    public IReadOnlyList<WorldRank> Ranks => _ranks;

    /// <summary>Every how many steps a group is computed a second time.</summary>
    public long AuditInterval { get; init; }

    /// <summary>Types of the model's numbers.</summary>
    public Precision Precision { get; init; } = Precision.Single;

    /// <summary>The checkpoint to go back to where survivors cannot go on.</summary>
    public CheckpointManifest? Manifest { get; set; }

    /// <summary>Branch of the run, of first worlds.</summary>
    public int Timeline { get; set; }

    /// <summary>Which batch a step takes, in plans from now on.</summary>
    public DataCourse Course { get; set; } = DataCourse.Whole;

    public int CheckpointLoads { get; private set; }

    /// <summary>Plans of all generations.</summary>
    public List<GenerationPlan> Plans { get; } = [];

    /// <summary>Called with a new mesh before ranks open it.</summary>
    public Action<MemoryMesh, GenerationPlan>? OnMesh { get; set; }

    public WorldRank Add()
    {
        WorldRank rank = new(++_nextId, _replicas, _microBatch, Store, Changed, _threads, _decision, AuditInterval, _drill, Precision);
        lock (_gate)
        {
            _ranks.Add(rank);
        }

        return rank;
    }

    /// <summary>Forms the first world from initial state or a checkpoint.</summary>
    public void Form(int ranks, CheckpointManifest? manifest = null)
    {
        while (Living.Count < ranks)
        {
            Add();
        }

        _generation++;
        FormationResult result = WorldFormation.FromState(_generation, Timeline, Recipe(), _members, Living.Select(r => r.Id), manifest);
        HandOut(Assert.IsType<FormationResult.Formed>(result).Plan with { Data = Course });
    }

    /// <summary>Runs to a step; forms the next world whenever one fails.</summary>
    /// <param name="step">Step.</param>
    /// <param name="between">Called before each formation: adds spares.</param>
    public void RunTo(long step, Action? between = null)
    {
        foreach (WorldRank rank in Living)
        {
            rank.Limit = step;
            rank.Start();
        }

        while (true)
        {
            bool lost;
            lock (_gate)
            {
                bool Done() => Members().All(r => r.Engine.Step >= step && r.IsIdle);
                bool Lost() => _members.Any(m => _ranks.Single(r => r.Id == m.RankId).IsDead) || Living.Any(r => r.HasFailedWorld);
                while (!Done() && !Lost() && _ranks.All(r => r.Failure is null))
                {
                    if (!Monitor.Wait(_gate, TimeSpan.FromSeconds(60)))
                    {
                        throw new TimeoutException(string.Join("; ", _ranks.Select(r => $"rank {r.Id}: step {r.Engine.Step}, dead {r.IsDead}, {r.LastError?.Message}")));
                    }
                }

                if (_ranks.FirstOrDefault(r => r.Failure is not null) is { } failed)
                {
                    throw new InvalidOperationException($"rank {failed.Id}: {failed.Failure}", failed.Failure);
                }

                lost = Lost();
            }

            if (!lost)
            {
                return;
            }

            between?.Invoke();
            Recover();
            foreach (WorldRank rank in Members())
            {
                rank.Limit = step;
                rank.Start();
            }
        }
    }

    /// <summary>Ends the generation and forms the next from what the ranks report.</summary>
    public void Recover()
    {
        _generation++;
        WorldReport[] reports = new WorldReport[Living.Count];
        WorldRank[] living = [.. Living];
        Parallel(living, (rank, i) => reports[i] = WorldReport.Parse(rank.Engine.Prepare(_generation)!.ToBytes()));
        reports = [.. reports.Where((_, i) => !living[i].IsDead)];
        FormationResult result = WorldFormation.Plan(_generation, 0, Recipe(), _members, reports);
        if (result is FormationResult.CheckpointNeeded)
        {
            CheckpointLoads++;
            _generation++;
            result = WorldFormation.FromState(_generation, 0, Recipe(), _members, Living.Select(r => r.Id), Manifest);
        }

        HandOut(Assert.IsType<FormationResult.Formed>(result).Plan with { Data = Course });
    }

    /// <summary>Writes a checkpoint of the step at which all members stand.</summary>
    public CheckpointManifest Save()
    {
        List<ShardEntry> entries = [];
        CheckpointFacts? facts = null;
        foreach (WorldRank rank in Members())
        {
            using Olmo.Actors.Ranks.IStagedState staged = rank.Engine.Stage();
            facts = staged.Facts;
            entries.AddRange(staged.Shards.Select(s => staged.Write(s, Store, CancellationToken.None)));
        }

        return WorldExample.Manifest(Living[0].Engine.Step, facts!, entries);
    }

    public IEnumerable<WorldRank> Members() => _members.Select(m => _ranks.Single(r => r.Id == m.RankId));

    /// <summary>Weights, equal on all members, and the shard files of all members together.</summary>
    public (string Weights, string[] Shards) Result()
    {
        string[] weights = [.. Members().Select(r => r.Engine.Finish(CancellationToken.None).WeightsSha256).Distinct()];
        string[] names = [.. Members().SelectMany(r => WorldExample.Names(r.Engine.Stage())).OrderBy(n => int.Parse(n.Split('/', '-')[1], System.Globalization.CultureInfo.InvariantCulture))];
        return (Assert.Single(weights), names);
    }

    public void Dispose()
    {
        foreach (WorldRank rank in _ranks)
        {
            rank.Dispose();
        }

        foreach (MemoryMesh mesh in _meshes)
        {
            mesh.Dispose();
        }
    }

    /// <summary>Frees dead ranks, and meshes and plans but the newest.</summary>
    public void Bury()
    {
        foreach (WorldRank dead in _ranks.Where(r => r.IsDead).ToArray())
        {
            dead.Dispose();
            lock (_gate)
            {
                _ranks.Remove(dead);
            }
        }

        foreach (MemoryMesh mesh in _meshes.SkipLast(1).ToArray())
        {
            mesh.Dispose();
            _meshes.Remove(mesh);
        }

        Plans.RemoveRange(0, Math.Max(0, Plans.Count - 1));
    }

    private WorldRecipe Recipe() => _ranks[0].Engine.Recipe(Wanted, 1);

    private void Changed(WorldRank rank)
    {
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }
    }

    private void HandOut(GenerationPlan plan)
    {
        plan = GenerationPlan.Parse(plan.ToBytes());
        Plans.Add(plan);
        _members = plan.Membership();
        MemoryMesh? mesh = null;
        if (plan.Members.Length > 1)
        {
            mesh = new MemoryMesh(plan.Members.Length, plan.Generation, TimeProvider.System);
            _meshes.Add(mesh);
            OnMesh?.Invoke(mesh, plan);
        }

        Parallel([.. Members()], (rank, _) => rank.Join(plan, mesh));
    }

    private static void Parallel(WorldRank[] ranks, Action<WorldRank, int> action)
    {
        List<Exception> failures = [];
        Thread[] threads = [.. ranks.Select((rank, i) => new Thread(() =>
        {
            try
            {
                action(rank, i);
            }
            catch (Exception e) when (rank.IsDead && e is OperationCanceledException)
            {
                // It died in the middle.
            }
            catch (Exception e)
            {
                lock (failures)
                {
                    failures.Add(e);
                }
            }
        }))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        if (failures.Count > 0)
        {
            throw new AggregateException(failures);
        }
    }
}

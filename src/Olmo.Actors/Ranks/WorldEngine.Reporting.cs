using System.Collections.Immutable;
using Olmo.Actors.Worlds;

namespace Olmo.Actors.Ranks;

/// <content>What a rank says of itself, and what it keeps of former worlds.</content>
public sealed partial class WorldEngine
{
    private WorldReport? _lastReport;

    /// <inheritdoc/>
    public WorldReport? Prepare(long generation)
    {
        WorldGeneration? current;
        lock (Gate)
        {
            if (_lastReport?.Generation == generation && _standing.Promised == generation)
            {
                return _lastReport;
            }

            if (!RankRules.MayPromise(_standing, generation))
            {
                return null;
            }

            _standing = _standing with { Promised = generation };
            current = _generation;
            current?.Promise();
            _joinAbort?.Cancel();
            Monitor.PulseAll(Gate);
        }

        current?.Close();
        lock (Gate)
        {
            while (_isUpdating || _isJoining)
            {
                Monitor.Wait(Gate);
            }

            ReleaseDropped();
            _lastReport = Report(generation);
            return _lastReport;
        }
    }

    /// <summary>The state of a shard at a step, owned or kept for others; null where it is not here.</summary>
    internal Holding? HoldingOf(int shard, long step)
    {
        lock (Gate)
        {
            foreach ((Holding holding, _) in Held())
            {
                if (holding.Placement.Holds(shard) && holding.IsVerified(shard) && holding.Step == step)
                {
                    return holding;
                }
            }
        }

        return null;
    }

    /// <summary>Frees what moved away (rule 14).</summary>
    internal void ReleaseDropped()
    {
        if (!Drill.Guards.Release)
        {
            return;
        }

        if (_generation is { SawFullSet: true })
        {
            _device.ReleaseReserve(); // it was for joining
        }

        lock (Gate)
        {
            HashSet<object> kept = [.. _former.Select(f => (object)f.Holding), .. _former.Select(f => (object)f.Sums)];
            if (_generation is { } generation)
            {
                kept.Add(generation.Holding);
                kept.Add(generation.Sums);
            }

            HashSet<IDisposable> freed = [];
            foreach ((Holding holding, SumPair sums) in _dropped)
            {
                if (!kept.Contains(holding))
                {
                    freed.Add(holding);
                }

                if (!kept.Contains(sums))
                {
                    freed.Add(sums);
                }
            }

            _dropped.Clear();
            foreach (IDisposable one in freed)
            {
                one.Dispose();
            }
        }
    }

    // After the first full set of announcements of a generation; the sending thread may still be giving state, so it frees.
    private void DropFormer(WorldGeneration generation)
    {
        lock (Gate)
        {
            if (_former.Count == 0 && _device.ReservedBytes == 0)
            {
                return;
            }

            _dropped.AddRange(_former);
            _former.Clear();
        }

        generation.Release();
    }

    // The current world first, then former ones, the newest first.
    private IEnumerable<(Holding Holding, SumPair Sums)> Held()
    {
        if (_generation is { } generation)
        {
            yield return (generation.Holding, generation.Sums);
        }

        foreach ((Holding Holding, SumPair Sums) former in _former)
        {
            yield return former;
        }
    }

    // Per shard what counts: the current world's once it has state and base; else what a former one holds; else state without its base.
    private SortedDictionary<int, (Holding Holding, SumPair Sums)> Sources()
    {
        SortedDictionary<int, (Holding Holding, SumPair Sums)> sources = [];
        foreach ((Holding holding, SumPair sums) in Held())
        {
            bool isCurrent = ReferenceEquals(sums, _generation?.Sums);
            foreach (int shard in holding.Placement.Shards)
            {
                if (!holding.IsVerified(shard) && Rules.ReportVerifiedOnly)
                {
                    continue;
                }

                bool isBetter = !sources.TryGetValue(shard, out (Holding Holding, SumPair Sums) known)
                    || (known.Holding.Step == holding.Step && ReferenceEquals(known.Sums, _generation?.Sums) && !_generation!.HasBase(shard));
                if (isCurrent || isBetter)
                {
                    sources[shard] = (holding, sums);
                }
            }
        }

        return sources;
    }

    private WorldReport Report(long generation)
    {
        SortedDictionary<int, (Holding Holding, SumPair Sums)> sources = Sources();
        ImmutableArray<ShardReport>.Builder shards = ImmutableArray.CreateBuilder<ShardReport>(sources.Count);
        Dictionary<SumPieces, int> indices = [];
        List<SumPieces> distinct = [];
        int[] pieces = new int[sources.Count * (Layout.Layers + 1)];
        int at = 0;
        foreach ((int shard, (Holding holding, SumPair sums)) in sources)
        {
            shards.Add(new ShardReport(shard, holding.Step, holding.State.DigestOf(shard)));
            for (int layer = 0; layer <= Layout.Layers; layer++)
            {
                SumPieces held = sums.Pieces(layer, shard);
                if (!indices.TryGetValue(held, out int index))
                {
                    index = distinct.Count;
                    distinct.Add(held);
                    indices.Add(held, index);
                }

                pieces[at++] = index;
            }
        }

        long parameters = ParameterSteps.Step;
        bool hasRun = parameters >= 0 && _run.Step == parameters + 1 && !_dropsRun;
        return new WorldReport(
            RankId, generation, _standing.Generation, _generation?.Plan.Timeline ?? 0, parameters, hasRun ? _run.Mask : default, hasRun ? _run.Computed : default,
            shards.MoveToImmutable(), [.. distinct], RangeIndex.Of(pieces),
            _applied.Step > 0 ? new AppliedStep(_applied.Step, _applied.Generation, _applied.Decision, _applied.Digest) : null);
    }
}

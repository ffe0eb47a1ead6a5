using System.Collections.Immutable;
using Olmo.Actors.Checkpoints;
using Olmo.Actors.ObjectStorage;
using Olmo.Actors.Worlds;
using Olmo.Model.Models;
using Olmo.Model.State;
using Olmo.Model.Steps;

namespace Olmo.Actors.Ranks;

/// <content>State from a checkpoint, or initial.</content>
public sealed partial class WorldEngine
{
    private Holding Load(GenerationPlan plan, WorldPlan world, int self, IObjectStore store, CancellationToken ended)
    {
        AwaitParked(ended);
        ImmutableArray<int> shards = world.ShardsOf(self);
        ShardPlacement placement = shards.Length == Layout.Shards ? Local.Placement : new ShardPlacement(Layout, shards);
        RunProgress progress = new(_settings.Step.Decision.SkipStep?.Window ?? 0);
        if (plan.Manifest is null)
        {
            Action<ResidentWeights> fill = _settings.InitialWeights ?? (weights => Initialisation.Draw(weights, _settings.Seed));
            fill(_weights);
        }

        TrainingState state = placement.IsWhole
            ? TrainingState.OverWorkingParameters(Parameters, progress)
            : TrainingState.CopyOf(placement, Parameters, progress);
        Holding holding = new(state, plan.StateStep);
        if (plan.Manifest is { } manifest)
        {
            Read(manifest, state, store, ended);
        }

        lock (Gate)
        {
            holding.VerifyAll();
            _applied = default;
            if (plan.Manifest is null || placement.IsWhole)
            {
                ParameterSteps.SetAll(plan.StateStep);
            }
            else
            {
                // The others' shards are in their owners' files: they are gathered.
                ParameterSteps.SetAll(-1);
            }
        }

        return holding;
    }

    private void Read(CheckpointManifest manifest, TrainingState state, IObjectStore store, CancellationToken ended)
    {
        ShardLoader loader = new(state);
        bool sameShards = manifest.Shards.Count == Layout.Shards;
        foreach (ShardEntry entry in manifest.Shards)
        {
            ended.ThrowIfCancellationRequested();
            SetupProgresses();
            if (sameShards && !state.Placement.Holds(entry.Shard))
            {
                continue;
            }

            try
            {
                using Stream stream = store.OpenRead(entry.Name);
                loader.Read(stream, entry.Name, entry.Sha256);
            }
            catch (ShardDigestMismatchException) when (!Drill.Guards.FileDigest)
            {
                // A drill shows what comes of bytes that are not those of the manifest.
            }
            catch (Exception e) when (e is IOException or InvalidDataException or ShardDigestMismatchException or ShardFormatException)
            {
                throw new CheckpointUnreadableException(manifest.Step, entry.Name, e.Message, e);
            }
        }

        loader.Complete(Convert.FromBase64String(manifest.RunState));
        if (state.Progress.Step != manifest.Step)
        {
            throw new CheckpointUnreadableException(manifest.Step, manifest.Shards[0].Name, $"its state is that of step {state.Progress.Step}");
        }
    }
}

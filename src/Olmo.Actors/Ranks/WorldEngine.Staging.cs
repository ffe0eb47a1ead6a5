using Olmo.Actors.Checkpoints;
using Olmo.Actors.ObjectStorage;
using Olmo.Actors.Runs;
using Olmo.Model.State;

namespace Olmo.Actors.Ranks;

/// <content>Copies of the state for a checkpoint.</content>
public sealed partial class WorldEngine
{
    /// <inheritdoc/>
    /// <remarks>In a world every shard is staged by one of its owners: shard s by that of replica s mod R, so that all ranks share the writing.</remarks>
    public IStagedState Stage()
    {
        WorldGeneration generation = EnterUpdate(needsParameters: false, CancellationToken.None);
        try
        {
            _sections.Enter(RankSection.Stage, Step);
            Probe.Reached(Phases.Stage, Step);
            TrainingState state = generation.Holding.State;
            ImmutableShards(generation, out int[] shards);
            if (_stage is null || !_stage.Placement.Shards.AsSpan().SequenceEqual(shards))
            {
                _stage?.Dispose();
                _stage = new ShardStage(_provider, shards.Length == state.Placement.Shards.Length ? state.Placement : new ShardPlacement(Layout, shards));
            }

            _stage.Take(state);
            return new StagedShards(_stage, FactsOf(generation, state, _stage.Progress.Span));
        }
        finally
        {
            _sections.Leave();
            LeaveUpdate();
        }
    }

    /// <inheritdoc/>
    public IStagedState StageInTurn()
    {
        WorldGeneration generation = EnterUpdate(needsParameters: false, CancellationToken.None);
        try
        {
            _stage?.Dispose(); // its memory is what was short
            _stage = null;
            TrainingState state = generation.Holding.State;
            ImmutableShards(generation, out int[] shards);
            return new ShardsInTurn(this, shards, Step, FactsOf(generation, state, state.Progress.ToBytes()));
        }
        finally
        {
            LeaveUpdate();
        }
    }

    private CheckpointFacts FactsOf(WorldGeneration generation, TrainingState state, ReadOnlySpan<byte> progress) => new(
        state.Progress.Tokens, NumericsId, Layout.Hash, _settings.DataFingerprint, _settings.CursorAfter(generation.Plan.Data.BatchOf(Step + 1) - 1),
        Convert.ToBase64String(progress), state.Progress.Ledger.ToString());

    // Between two shards a new world may have been joined, with another step or without the shard.
    private ShardStage TakeShard(int shard, long step)
    {
        WorldGeneration generation = EnterUpdate(needsParameters: false, CancellationToken.None);
        ShardStage? stage = null;
        try
        {
            Probe.Reached(Phases.Stage, step);
            TrainingState state = generation.Holding.State;
            if (state.Progress.Step != step || !state.Placement.Shards.Contains(shard))
            {
                throw new OperationCanceledException($"shard {shard} of step {step} is not this rank's any more");
            }

            stage = new ShardStage(_provider, new ShardPlacement(Layout, [shard]));
            stage.Take(state);
            ShardStage taken = stage;
            stage = null;
            return taken;
        }
        finally
        {
            stage?.Dispose();
            LeaveUpdate();
        }
    }

    private sealed class ShardsInTurn(WorldEngine engine, int[] shards, long step, CheckpointFacts facts) : IStagedState
    {
        public long Step => step;

        public CheckpointFacts Facts => facts;

        public IReadOnlyList<int> Shards => shards;

        // Each shard is a section of its own, so that the time of a large checkpoint is no hang.
        public ShardEntry Write(int shard, IObjectStore store, CancellationToken cancellationToken)
        {
            engine._sections.Enter(RankSection.Stage, step);
            try
            {
                using ShardStage stage = engine.TakeShard(shard, step);
                return new StagedShards(stage, facts).Write(shard, store, cancellationToken);
            }
            finally
            {
                engine._sections.Leave();
            }
        }

        public void Dispose()
        {
            // Each shard's memory is freed once it is written.
        }
    }
}

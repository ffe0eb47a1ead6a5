using Olmo.Actors.Checkpoints;
using Olmo.Actors.ObjectStorage;
using Olmo.Actors.Ranks;
using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Models;
using Olmo.Model.Numerics;
using Olmo.Model.State;
using Olmo.Model.Steps;
using Olmo.Model.Tensors;

namespace Olmo.Actors.Tests.Ranks;

/// <summary>A step without a world: no generations, no sums of others, no threads but the pool's. What the engine of worlds is compared with, bit for bit.</summary>
internal sealed class SingleProcessEngine : IRankEngine
{
    private readonly OlmoRankSettings _settings;
    private readonly TimeProvider _time;
    private readonly ComputePool _pool;
    private readonly CpuProvider _provider;
    private readonly ResidentWeights _weights;
    private readonly PretrainProgram _program;
    private readonly RunProgress _progress;
    private readonly TrainingState _state;
    private readonly RankStep _step;
    private readonly ShardStage _stage;
    private WorldIdentity _world = new(0, 0);
    private int _attempt;

    /// <summary>Takes all memory that training needs.</summary>
    public SingleProcessEngine(OlmoRankSettings settings, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(settings);
        _settings = settings;
        _time = time;
        _pool = new ComputePool(settings.Threads);
        _provider = new CpuProvider(_pool, settings.Width);
        ParameterList parameters = new(settings.Config, settings.Step.PrecisionOf);
        _weights = new ResidentWeights(_provider, parameters);
        _program = new PretrainProgram(_provider, _weights, settings.Step);
        _progress = new RunProgress(settings.Step.Decision.SkipStep?.Window ?? 0);
        _state = TrainingState.OverWorkingParameters(_program.Parameters, _progress);
        _step = RankStep.Alone(settings.Step, _program, _state);
        _stage = new ShardStage(_provider, _state.Placement);
        FlopsPerToken = parameters.FlopsPerToken(settings.Step.SequenceLength);
    }

    /// <inheritdoc />
    public long Step => _progress.Step;

    /// <inheritdoc />
    public long AppliedIn => _world.Generation;

    /// <inheritdoc />
    public long TokensSeen => _progress.Tokens;

    /// <inheritdoc />
    public double PeakFlops { get; private set; }

    public int Ranks => 1;

    /// <inheritdoc />
    public double FlopsPerToken { get; }

    /// <inheritdoc />
    public void Form(WorldIdentity world, CheckpointManifest? manifest, IObjectStore store, CancellationToken abort)
    {
        ArgumentNullException.ThrowIfNull(world);
        ArgumentNullException.ThrowIfNull(store);
        _world = world;
        if (manifest is null)
        {
            Initialisation.Draw(_weights, _settings.Seed);
            _state.RefreshDigests();
            return;
        }

        ShardLoader loader = new(_state);
        foreach (ShardEntry entry in manifest.Shards)
        {
            abort.ThrowIfCancellationRequested();
            try
            {
                using Stream stream = store.OpenRead(entry.Name);
                loader.Read(stream, entry.Name, entry.Sha256);
            }
            catch (Exception e) when (e is IOException or InvalidDataException or ShardDigestMismatchException or ShardFormatException)
            {
                throw new CheckpointUnreadableException(manifest.Step, entry.Name, e.Message, e);
            }
        }

        loader.Complete(Convert.FromBase64String(manifest.RunState));
        if (_progress.Step != manifest.Step)
        {
            throw new CheckpointUnreadableException(manifest.Step, manifest.Shards[0].Name, $"its state is that of step {_progress.Step}");
        }
    }

    /// <inheritdoc />
    public void WarmUp(CancellationToken abort) => PeakFlops = _settings.PeakFlops ?? MatrixPeak.Measure(_provider, DType.F32, _time, abort);

    /// <inheritdoc />
    public StepMeasurement RunStep(StepBatch batch, CancellationToken abort)
    {
        ArgumentNullException.ThrowIfNull(batch);
        StepIdentity id = new(_settings.Run, _world.Timeline, _world.Generation, batch.Step, _attempt);
        _step.Begin(id, batch.LabelCount);
        foreach (GroupBatch group in batch.Groups)
        {
            if (!_step.RunGroup(group, abort))
            {
                _step.Abandon();
                _attempt++;
                abort.ThrowIfCancellationRequested();
            }
        }

        StepDecision decision = _step.Decide(_step.Announce());
        if (!decision.IsDone)
        {
            _step.Abandon();
            throw decision.Outcome is StepOutcome.StopNonFinite
                ? new NonFiniteStepException(batch.Step, double.IsFinite(decision.Loss.MeanCrossEntropy) ? "the gradient" : "the loss")
                : new InvalidOperationException($"step {batch.Step} ended {decision.Outcome} at shard {decision.Shard}");
        }

        StepReport report = _step.Finish(decision);
        _attempt = 0;
        return new StepMeasurement(report.CrossEntropy, report.ZLoss, report.GradientNorm, report.LearningRate, report.IsSkipped, report.Tokens, report.Samples);
    }

    /// <inheritdoc />
    public IStagedState StageInTurn() => Stage();

    /// <inheritdoc />
    public IStagedState Stage()
    {
        _stage.Take(_state);
        CheckpointFacts facts = new(
            TokensSeen, NumericsId.Current, _state.Layout.Hash, _settings.DataFingerprint, _settings.CursorAfter(Step), Convert.ToBase64String(_stage.Progress.Span));
        return new StagedShards(_stage, facts);
    }

    /// <inheritdoc />
    public FinishReport Finish(CancellationToken abort)
    {
        (double loss, long tokens) = _settings.HeldOut is { } heldOut
            ? HeldOutEvaluation.Run(_provider, _weights, heldOut, _settings.HeldOutTokens, abort)
            : (double.NaN, 0);
        string folder = _settings.Export(_weights);
        return new FinishReport(WeightExport.Digest(new StateChunkSource(_state)), loss, tokens, folder);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _stage.Dispose();
        _step.Dispose();
        _state.Dispose();
        _program.Dispose();
        _weights.Dispose();
        _provider.Dispose();
        _pool.Dispose();
    }
}

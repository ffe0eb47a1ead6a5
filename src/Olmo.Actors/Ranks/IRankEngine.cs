using Olmo.Actors.Checkpoints;
using Olmo.Actors.ObjectStorage;
using Olmo.Model.State;

namespace Olmo.Actors.Ranks;

/// <summary>
/// The training state and the arithmetic of one rank. Used by its compute thread alone, from <see cref="Form"/> to <see cref="IDisposable.Dispose"/>; only
/// the writer of a staged copy runs beside it.
/// </summary>
public interface IRankEngine : IDisposable
{
    /// <summary>Steps that are done.</summary>
    long Step { get; }

    /// <summary>Generation whose announcements decided the newest of those steps; 0 where it came with a state that was loaded or copied.</summary>
    long AppliedIn { get; }

    /// <summary>Tokens consumed by those steps.</summary>
    long TokensSeen { get; }

    /// <summary>Best matrix product of this rank's threads, operations per second, measured when the engine was warmed up.</summary>
    double PeakFlops { get; }

    /// <summary>Ranks of the world that it is in; 1 without one.</summary>
    int Ranks { get; }

    /// <summary>Floating-point operations of the model for one token, forward and backward.</summary>
    double FlopsPerToken { get; }

    /// <summary>Joins a world and takes the state of a checkpoint, or initial weights where there is none, and verifies it.</summary>
    /// <exception cref="CheckpointUnreadableException">A file is missing or its digest differs.</exception>
    void Form(WorldIdentity world, CheckpointManifest? manifest, IObjectStore store, CancellationToken abort);

    /// <summary>Compiles and touches all that a step needs, so that the first step is like any other; changes no state.</summary>
    void WarmUp(CancellationToken abort);

    /// <summary>Runs step <see cref="Step"/> + 1 whole: forward, backward, sums, announcements, decision, update.</summary>
    /// <exception cref="OperationCanceledException">Aborted before the update; the state is still that of <see cref="Step"/>.</exception>
    /// <exception cref="NonFiniteStepException">Loss or gradient was not finite and the policy is to stop.</exception>
    /// <exception cref="RollBackStepException">The guard of steps wants the run to go back.</exception>
    StepMeasurement RunStep(StepBatch batch, CancellationToken abort);

    /// <summary>Copies the state of <see cref="Step"/>, so that it can be written while the next steps run. One copy at a time.</summary>
    IStagedState Stage();

    /// <summary>
    /// The same, with memory for one shard alone: each is copied when it is written, by the compute thread, which runs no step before all are written. What was written ends as
    /// <see cref="OperationCanceledException"/> where a change of the world moved the state on meanwhile.
    /// </summary>
    IStagedState StageInTurn();

    /// <summary>Evaluates on held-out tokens, writes the model's folder and hashes the weights.</summary>
    FinishReport Finish(CancellationToken abort);
}

/// <summary>A copy of a rank's shards at a step boundary. Written by one thread beside the compute thread.</summary>
public interface IStagedState : IDisposable
{
    /// <summary>Steps that are done.</summary>
    long Step { get; }

    /// <summary>What every owner must agree on.</summary>
    CheckpointFacts Facts { get; }

    /// <summary>Shards of the copy.</summary>
    IReadOnlyList<int> Shards { get; }

    /// <summary>Writes one shard whole or not at all, under a name that its content decides; an existing file is verified, and a wrong one set aside and written again.</summary>
    ShardEntry Write(int shard, IObjectStore store, CancellationToken cancellationToken);
}

/// <summary>Makes engines; a new one after a failure.</summary>
public interface IRankEngineFactory
{
    /// <summary>An engine without state.</summary>
    /// <param name="rankId">Number of the rank's process.</param>
    IWorldEngine Create(int rankId);
}

/// <summary>What a step measured.</summary>
public readonly record struct StepMeasurement(double Loss, double ZLoss, double GradientNorm, double LearningRate, bool IsSkipped, long Tokens, StepSamples Samples = default);

/// <summary>What evaluation and export gave.</summary>
public sealed record FinishReport(string WeightsSha256, double HeldOutLoss, long HeldOutTokens, string ModelFolder);

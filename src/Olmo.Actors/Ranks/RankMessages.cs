using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Olmo.Actors.Checkpoints;
using Olmo.Actors.Runs;
using Olmo.Actors.Worlds;

namespace Olmo.Actors.Ranks;

/// <summary>To a rank: report for this generation, and promise to do nothing more in an older one. Answered by <see cref="RankPrepared"/>; a lower number than the rank has seen has no effect.</summary>
public sealed record Prepare(long Generation);

/// <summary>Answer to <see cref="Prepare"/>.</summary>
/// <param name="Report">What the rank holds.</param>
/// <param name="DataPlane">Where its peers reach it: host and port; empty for a rank that has no peers.</param>
public sealed record RankPrepared(WorldReport Report, string DataPlane);

/// <summary>To a rank: form this world. It keeps what the plan lets it keep, takes the rest from donors or a checkpoint and answers <see cref="RankReady"/> or <see cref="RankFailed"/>.</summary>
/// <param name="Plan">The world; of a lower number than the rank has promised it has no effect.</param>
/// <param name="DataPlane">Where its members reach each other, by position.</param>
/// <param name="Secret">Secret of this generation's data plane, base 64.</param>
/// <param name="Checkpoints">Who coordinates checkpoints.</param>
public sealed record FormWorld(GenerationPlan Plan, ImmutableArray<string> DataPlane, string Secret, IActorRef Checkpoints)
{
    /// <inheritdoc />
    public override string ToString() => $"FormWorld {{ generation {Plan.Generation}, members {string.Join(',', Plan.Members)} }}"; // never the secret
}

/// <summary>To a rank: go on stepping in this generation until <paramref name="TotalSteps"/> are done.</summary>
public sealed record Train(long Generation, long TotalSteps);

/// <summary>To a rank: from now on a checkpoint is staged one shard at a time, each written before the next is copied, while the rank waits.</summary>
public sealed record LimitStaging(long Generation);

/// <summary>To the ranks: stop after the next step boundary, with a checkpoint of it. The rank at position 0 answers <see cref="StopNamed"/>.</summary>
public sealed record StopAtBoundary(long Generation);

/// <summary>From the rank at position 0: the step after which all stop. Nobody can be past it, as no step ends without that rank.</summary>
public sealed record StopNamed(long Generation, long Step);

/// <summary>To a rank: stop after this step, with a checkpoint of it.</summary>
public sealed record StopAt(long Generation, long Step);

/// <summary>From a rank: its world's data plane failed. It computes on and applies nothing until the next plan.</summary>
/// <param name="Generation">The world.</param>
/// <param name="RankId">Who says so.</param>
/// <param name="Message">What happened, with the peer.</param>
/// <param name="At">When it noticed.</param>
public sealed record PeerLost(long Generation, int RankId, string Message, DateTimeOffset? At = null);

/// <summary>To a rank: leave the world at once, without a checkpoint.</summary>
public sealed record Abort(long Generation, string Reason);

/// <summary>To a rank whose training is done: evaluate, export and hash the weights.</summary>
public sealed record Finish(long Generation);

/// <summary>To a rank: who coordinates now. Sent again by every incarnation of the supervisor, so that a successor adopts living ranks.</summary>
public sealed record Adopt(IActorRef Supervisor, IActorRef Checkpoints);

/// <summary>Answer to <see cref="Adopt"/>: what the rank is doing.</summary>
public sealed record RankReport(int RankId, long Generation, int Timeline, RankPhase Phase, long Step, RankFailed? Failure, RankFinished? Finished);

/// <summary>What a rank is doing.</summary>
public enum RankPhase
{
    /// <summary>It has no world.</summary>
    Idle = 0,

    /// <summary>It builds or loads its state.</summary>
    Loading = 1,

    /// <summary>Its state is whole and it waits for the word to train.</summary>
    Ready = 2,

    /// <summary>It steps.</summary>
    Training = 3,

    /// <summary>It stopped at a boundary.</summary>
    Stopped = 4,

    /// <summary>It evaluates and exports.</summary>
    Finishing = 5,

    /// <summary>It failed and waits for the next world.</summary>
    Failed = 6,
}

/// <summary>From a rank: its state is whole and verified.</summary>
/// <param name="Generation">World.</param>
/// <param name="Step">Steps that its state has seen.</param>
/// <param name="RankId">Who says so; of a whole world the last.</param>
/// <param name="Join">Where the time went; of a whole world the longest of each part.</param>
public sealed record RankReady(long Generation, long Step, int RankId, JoinReport? Join = null);

/// <summary>From a rank: it failed and does nothing more in this generation. The cause stays in its process.</summary>
/// <param name="Generation">World.</param>
/// <param name="Kind">What kind of failure.</param>
/// <param name="Message">For a person.</param>
/// <param name="Step">Step at which it failed.</param>
/// <param name="BadFile">File of a checkpoint that cannot be read.</param>
/// <param name="Cause">What was thrown.</param>
/// <param name="RankId">Who failed.</param>
/// <param name="Group">Group of the step whose reading or computing failed in the process, or -1.</param>
/// <param name="ErrorType">Type of what was thrown for that group.</param>
/// <param name="NoticedAt">When a survivor noticed that a peer was lost; known where the survivors' words are gathered.</param>
public sealed record RankFailed(
    long Generation, FaultKind Kind, string Message, long Step, string? BadFile = null, [property: JsonIgnore] Exception? Cause = null, int RankId = 0, int Group = -1,
    string? ErrorType = null, [property: JsonIgnore] DateTimeOffset? NoticedAt = null);

/// <summary>From a rank: the last step that it was asked for is done and its checkpoint is settled.</summary>
public sealed record RankStopped(long Generation, long Step, bool IsComplete, CheckpointSettled Checkpoint, int RankId);

/// <summary>From a rank: evaluation and export are done.</summary>
/// <param name="Generation">World.</param>
/// <param name="Step">Steps that are done.</param>
/// <param name="WeightsSha256">Digest of the final weights: tensors in layout order, little-endian fp32.</param>
/// <param name="HeldOutLoss">Mean loss on held-out documents, nats per token.</param>
/// <param name="HeldOutTokens">Tokens that were evaluated.</param>
/// <param name="ModelFolder">Where the exported model is.</param>
public sealed record RankFinished(long Generation, long Step, string WeightsSha256, double HeldOutLoss, long HeldOutTokens, string ModelFolder);

/// <summary>One step as its rank measured it; published on the event stream.</summary>
/// <param name="Timeline">Branch of the run.</param>
/// <param name="Generation">World.</param>
/// <param name="Step">Steps that are done, this one included.</param>
/// <param name="Loss">Mean cross-entropy, nats per token.</param>
/// <param name="ZLoss">z-loss, already weighted.</param>
/// <param name="GradientNorm">L2 norm of the gradient before clipping.</param>
/// <param name="LearningRate">Learning rate of this step.</param>
/// <param name="IsSkipped">Whether the policy skipped the update.</param>
/// <param name="Tokens">Tokens of the global batch.</param>
/// <param name="TokensSeen">Tokens consumed since the start of the run, this step included.</param>
/// <param name="Duration">Wall time of the step.</param>
/// <param name="WaitForData">Part of it that waited for the loader.</param>
/// <param name="ModelFlops">Floating-point operations of the model for these tokens.</param>
/// <param name="PeakFlops">Best matrix products of all ranks together, operations per second: the reporting rank's, for each.</param>
/// <param name="Batch">Number of its batch in the order of the data.</param>
/// <param name="Sequences">Sequences that the loss was given.</param>
/// <param name="TokenHash">Sum of their hashes.</param>
public sealed record StepCompleted(
    int Timeline, long Generation, long Step, double Loss, double ZLoss, double GradientNorm, double LearningRate, bool IsSkipped, long Tokens, long TokensSeen,
    TimeSpan Duration, TimeSpan WaitForData, double ModelFlops, double PeakFlops, long Batch = 0, long Sequences = 0, ulong TokenHash = 0)
{
    /// <summary>Tokens per second of this step.</summary>
    [JsonIgnore]
    public double TokensPerSecond => Tokens / Math.Max(Duration.TotalSeconds, 1e-9);

    /// <summary>Model FLOP/s over the best matrix product's.</summary>
    [JsonIgnore]
    public double Mfu => PeakFlops > 0 ? ModelFlops / Math.Max(Duration.TotalSeconds, 1e-9) / PeakFlops : 0;
}

/// <summary>To a rank: what is going on. Answered with <see cref="RankStatus"/>.</summary>
public sealed record GetRankStatus
{
    /// <summary>The message.</summary>
    public static GetRankStatus Instance { get; } = new();
}

/// <summary>Answer to <see cref="GetRankStatus"/>.</summary>
/// <param name="Phase">What it does.</param>
/// <param name="Generation">World that it is in; 0 without one.</param>
/// <param name="Step">Steps that are done.</param>
/// <param name="TotalSteps">Steps to do; 0 before it trains.</param>
/// <param name="Unsettled">Steps whose shards are stored and whose checkpoint is neither committed nor abandoned.</param>
/// <param name="LastSettled">Newest step whose checkpoint is committed or abandoned, or null.</param>
/// <param name="LoopEnded">Step at which the training loop ended, or null.</param>
/// <param name="NextToLoad">Step whose batch is loaded next.</param>
/// <param name="FreeSlots">Batches that may be loaded ahead.</param>
/// <param name="Loading">Whether the loader is at work.</param>
public sealed record RankStatus(
    RankPhase Phase, long Generation, long Step, long TotalSteps, IReadOnlyList<long> Unsettled, long? LastSettled, long? LoopEnded, long NextToLoad, int FreeSlots, bool Loading);

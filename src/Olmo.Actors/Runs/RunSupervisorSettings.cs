using Olmo.Actors.Checkpoints;

namespace Olmo.Actors.Runs;

/// <summary>What a run's supervisor is told once.</summary>
/// <param name="Run">Name and token.</param>
/// <param name="Recipe">The run that the recipe describes.</param>
/// <param name="AcceptNewTimeline">Whether changed numeric keys open a new timeline.</param>
/// <param name="Policy">Budgets of the supervision ladder.</param>
/// <param name="Checkpoints">Which steps are saved and kept.</param>
/// <param name="Shards">Shards of the training state.</param>
/// <param name="RetryAfter">How long an unanswered message to a child or a rank waits before it is sent again.</param>
public sealed record RunSupervisorSettings(
    RunIdentity Run, RunCreated Recipe, bool AcceptNewTimeline, RunPolicy Policy, CheckpointPolicy Checkpoints, int Shards, TimeSpan RetryAfter);

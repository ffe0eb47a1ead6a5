using Olmo.Actors.Checkpoints;
using Olmo.Actors.Drills;
using Olmo.Actors.Worlds;

namespace Olmo.Actors.Runs;

/// <summary>What a run's supervisor is told once.</summary>
/// <param name="Run">Name and token.</param>
/// <param name="Recipe">The run that the recipe describes.</param>
/// <param name="AcceptNewTimeline">Whether changed numeric keys open a new timeline.</param>
/// <param name="Policy">Budgets of the supervision ladder.</param>
/// <param name="Checkpoints">Which steps are saved and kept.</param>
/// <param name="World">Ranks, replicas, groups, shards and layers.</param>
/// <param name="SnapshotInterval">Events of the supervisor, and of the coordinator, between two snapshots of their state.</param>
/// <param name="RetryAfter">How long an unanswered message to a child or a rank waits before it is sent again.</param>
public sealed record RunSupervisorSettings(
    RunIdentity Run, RunCreated Recipe, bool AcceptNewTimeline, RunPolicy Policy, CheckpointPolicy Checkpoints, WorldRecipe World, int SnapshotInterval, TimeSpan RetryAfter)
{
    /// <summary>Guards that are on.</summary>
    public Guards Guards { get; init; } = Guards.All;
}

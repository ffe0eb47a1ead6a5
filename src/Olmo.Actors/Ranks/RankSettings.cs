using Olmo.Actors.Checkpoints;
using Olmo.Actors.Drills;

namespace Olmo.Actors.Ranks;

/// <summary>What a rank is told once.</summary>
/// <param name="RankId">Number of its process.</param>
/// <param name="Checkpoints">Which steps are saved.</param>
/// <param name="Prefetch">Steps that the loader reads ahead.</param>
/// <param name="MaxLoaderRestarts">Restarts of the loader inside <paramref name="LoaderWindow"/> before its fault is the rank's.</param>
/// <param name="LoaderWindow">Length of the window.</param>
/// <param name="ResendAfter">How long a report to the coordinator may stay unanswered before it is sent again.</param>
public sealed record RankSettings(int RankId, CheckpointPolicy Checkpoints, int Prefetch, int MaxLoaderRestarts, TimeSpan LoaderWindow, TimeSpan ResendAfter)
{
    /// <summary>How long sections of the work may take; null: nobody watches, as there is nobody who could end this process and go on.</summary>
    public SectionLimits? Sections { get; init; }

    /// <summary>Steps of a window over which the speed of ranks is compared; 0: never.</summary>
    public int SpeedWindow { get; init; }

    /// <summary>Guards that are on.</summary>
    public Guards Guards { get; init; } = Guards.All;

    /// <summary>Completed when the engine is there, which then is made at once, so that a spare holds its memory before it is needed; null: with the first world.</summary>
    public TaskCompletionSource? EngineAhead { get; init; }
}

namespace Olmo.Actors.Worlds;

/// <summary>Where the state of a generation's first step comes from.</summary>
public enum StateSource
{
    /// <summary>Initial weights, a pure function of the recipe.</summary>
    Initial = 1,

    /// <summary>A committed checkpoint: every owner reads its shards.</summary>
    Checkpoint = 2,

    /// <summary>Survivors of the generation before.</summary>
    Survivors = 3,
}

namespace Olmo.Actors.Runs;

/// <summary>How a world came from the one before. Numbers stand on the wire and are never reused.</summary>
public enum RecoveryKind
{
    /// <summary>From initial weights.</summary>
    Start = 1,

    /// <summary>A checkpoint was loaded.</summary>
    Checkpoint = 2,

    /// <summary>Nobody was lost: ranks were added.</summary>
    Growth = 3,

    /// <summary>A survivor had applied a step, and another applied it by what that one had seen announced.</summary>
    AppliedBySurvivor = 4,

    /// <summary>Survivors held the whole sum of every range: nothing was computed again.</summary>
    CompleteBase = 5,

    /// <summary>Survivors held some sums, to which what lacked was added.</summary>
    PartialBase = 6,

    /// <summary>There were no sums yet: survivors went on with what they were computing.</summary>
    NoBase = 7,

    /// <summary>Whoever was giving state died, and another gave the rest.</summary>
    DonorDied = 8,
}

namespace Olmo.Actors.Ranks;

/// <summary>Named sections of a rank's work, each with a time that it may take. Numbers stand on the wire and are never reused.</summary>
public enum RankSection
{
    /// <summary>Nothing is to be done.</summary>
    None = 0,

    /// <summary>A plan is carried out: state, base and parameters come; every block that comes is progress.</summary>
    Setup = 1,

    /// <summary>Waiting for the world of the step, or for its batch.</summary>
    Wait = 2,

    /// <summary>Forward pass of a group.</summary>
    Forward = 3,

    /// <summary>Backward pass of a group.</summary>
    Backward = 4,

    /// <summary>Waiting for sums of others.</summary>
    Sums = 5,

    /// <summary>Waiting for digests of an audit.</summary>
    Audit = 6,

    /// <summary>Waiting for announcements of others.</summary>
    Announce = 7,

    /// <summary>The update.</summary>
    Apply = 8,

    /// <summary>Waiting for parameters of others.</summary>
    Gather = 9,

    /// <summary>Copying the state for a checkpoint.</summary>
    Stage = 10,
}

namespace Olmo.Gpu.Training;

/// <summary>Parts of a step, in their order.</summary>
internal enum StepPart
{
    /// <summary>Forward and backward passes of all groups and the sums of their gradients.</summary>
    Groups = 0,

    /// <summary>Digests and norm of the sums, and what follows from them.</summary>
    Announcement = 1,

    /// <summary>AdamW and the digests of the state.</summary>
    Update = 2,
}

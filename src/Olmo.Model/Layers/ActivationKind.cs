namespace Olmo.Model.Layers;

/// <summary>What the activations of a pass are kept for.</summary>
internal enum ActivationKind
{
    /// <summary>A backward pass follows: every block keeps its own.</summary>
    Training,

    /// <summary>A backward pass follows, before which each block runs forward again: blocks keep their inputs and use the same memory for the rest.</summary>
    Recomputed,

    /// <summary>Forward only: all blocks use the same memory.</summary>
    Inference,
}

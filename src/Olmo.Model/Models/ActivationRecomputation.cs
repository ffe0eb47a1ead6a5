namespace Olmo.Model.Models;

/// <summary>What a forward pass leaves for the backward pass to compute again. It changes speed and memory, never a bit.</summary>
public enum ActivationRecomputation
{
    /// <summary>Nothing: every block keeps its activations.</summary>
    None = 0,

    /// <summary>Blocks: each keeps its input only and runs forward once more before its backward pass. A third more work, the activations of one block instead of all.</summary>
    Blocks = 1,
}

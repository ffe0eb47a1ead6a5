namespace Olmo.Model.Models;

/// <summary>Memory for gradients.</summary>
public enum GradientStorage
{
    /// <summary>None: forward passes only, whose blocks share their activations.</summary>
    None = 0,

    /// <summary>Of the largest layer: enough where a group is one micro-batch.</summary>
    OneLayer = 1,

    /// <summary>Of every parameter: chains go on over the micro-batches of a group.</summary>
    Whole = 2,
}

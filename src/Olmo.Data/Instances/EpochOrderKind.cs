namespace Olmo.Data.Instances;

/// <summary>How the instances of an epoch are ordered. The names are those of the recipe key.</summary>
public enum EpochOrderKind
{
    /// <summary>A counter-based permutation keyed by seed and epoch: constant memory, any position at once. The default.</summary>
    Permutation = 0,

    /// <summary>OLMo-core's order: NumPy's shuffle by PCG64(seed + epoch). Holds 4 bytes per chunk.</summary>
    Pcg64 = 1,

    /// <summary>File order, the same in each epoch.</summary>
    Sequential = 2,
}

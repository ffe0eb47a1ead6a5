namespace Olmo.Model.Kernels;

/// <summary>Queries, keys and values of one sequence; heads lie side by side in a row.</summary>
internal unsafe struct AttentionInputs
{
    /// <summary>[rows, H, e], rows <see cref="QueryStride"/> floats apart.</summary>
    public float* Query;

    /// <summary>[keys, K, e], rows <see cref="KeyStride"/> floats apart; key row j has position j.</summary>
    public float* Key;

    /// <summary>[keys, K, e], rows <see cref="ValueStride"/> floats apart.</summary>
    public float* Value;

    /// <summary>Floats between query rows.</summary>
    public nint QueryStride;

    /// <summary>Floats between key rows.</summary>
    public nint KeyStride;

    /// <summary>Floats between value rows.</summary>
    public nint ValueStride;

    /// <summary>Position of query row 0: the number of keys already in the cache; 0 in training.</summary>
    public nint FirstPosition;

    /// <summary>[rows], first key that each row may see (start of its document), not above its own position; null for 0.</summary>
    public int* FirstKeys;
}

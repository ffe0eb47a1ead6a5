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

    /// <summary>
    /// Keys of a cache, [K, tiles, e, <see cref="AttentionShape.KeyTile"/>], as scores read them; null: rows at <see cref="Key"/>. Then <see cref="Value"/> is [K, capacity, e] and the
    /// strides of keys and values mean nothing.
    /// </summary>
    public float* KeyTiles;

    /// <summary>Floats from a KV head of a cache to the next, capacity * e.</summary>
    public nint CacheStride;

    /// <summary>Position of query row 0: the number of keys already in the cache; 0 in training.</summary>
    public nint FirstPosition;

    /// <summary>[rows], first key that each row may see (start of its document), not above its own position; null for 0.</summary>
    public int* FirstKeys;

    /// <summary>Component 0 of a key of one KV head.</summary>
    public readonly float* KeyAt(nint head, nint position, nint e) =>
        KeyTiles == null
            ? Key + (position * KeyStride) + (head * e)
            : KeyTiles + (head * CacheStride) + (position / AttentionShape.KeyTile * AttentionShape.KeyTile * e) + (position % AttentionShape.KeyTile);

    /// <summary>Floats from a component of a key to the next.</summary>
    public readonly nint KeyStep => KeyTiles == null ? 1 : AttentionShape.KeyTile;

    /// <summary>A value of one KV head, [e]; the next position's lies <see cref="ValueRow"/> floats on.</summary>
    public readonly float* ValueAt(nint head, nint position, nint e) => Value + (KeyTiles == null ? (position * ValueStride) + (head * e) : (head * CacheStride) + (position * e));

    /// <summary>Floats from a position's value to the next one's.</summary>
    public readonly nint ValueRow(nint e) => KeyTiles == null ? ValueStride : e;
}

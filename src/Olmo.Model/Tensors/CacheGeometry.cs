namespace Olmo.Model.Tensors;

/// <summary>Sizes of an attention over caches of keys and values, one layer's.</summary>
/// <param name="Slots">Sequences that have a cache.</param>
/// <param name="Capacity">Tokens of each, a multiple of <see cref="CapacityStep"/>.</param>
/// <param name="QueryHeads">H</param>
/// <param name="KeyHeads">K, a divisor of H; query heads h * H/K .. share KV head h.</param>
/// <param name="HeadWidth">e</param>
/// <param name="Window">Keys that a query sees at most, itself included; 0: all.</param>
public readonly record struct CacheGeometry(int Slots, int Capacity, int QueryHeads, int KeyHeads, int HeadWidth, int Window)
{
    /// <summary>A cache has room for a multiple of so many tokens, which a device may keep together.</summary>
    public const int CapacityStep = 64;

    /// <summary>The smallest capacity for so many tokens.</summary>
    public static int CapacityFor(int tokens) => checked((tokens + CapacityStep - 1) / CapacityStep * CapacityStep);
}

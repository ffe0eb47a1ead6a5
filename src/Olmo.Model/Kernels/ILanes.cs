namespace Olmo.Model.Kernels;

/// <summary>
/// Sixteen fp32 numbers. A kernel body is written once over them; each implementation does the same IEEE operations, so the bits are equal.
/// </summary>
internal unsafe interface ILanes<TSelf>
    where TSelf : struct, ILanes<TSelf>
{
    /// <summary>True where a block of four by four values fits in the registers.</summary>
    static abstract bool IsWide { get; }

    static abstract TSelf Splat(float value);

    static abstract TSelf Load(float* source);

    /// <summary>The first <paramref name="count"/> lanes (1 to 15) from memory, the others <paramref name="fill"/>; nothing behind them is read.</summary>
    static abstract TSelf LoadTail(float* source, nint count, float fill);

    /// <summary>The first <paramref name="count"/> lanes (1 to 15) of a value, the others +0.</summary>
    static abstract TSelf KeepFirst(TSelf value, nint count);

    static abstract void Store(TSelf value, float* destination);

    /// <summary>Writes the first <paramref name="count"/> lanes (1 to 15) only.</summary>
    static abstract void StoreTail(TSelf value, float* destination, nint count);

    static abstract TSelf operator +(TSelf a, TSelf b);

    static abstract TSelf operator -(TSelf a, TSelf b);

    static abstract TSelf operator -(TSelf a);

    static abstract TSelf operator *(TSelf a, TSelf b);

    static abstract TSelf operator /(TSelf a, TSelf b);

    /// <summary>a * b + c, rounded once.</summary>
    static abstract TSelf Fma(TSelf a, TSelf b, TSelf c);

    static abstract TSelf Sqrt(TSelf a);

    static abstract TSelf Abs(TSelf a);

    /// <summary>a &lt; b ? a : b per lane: b where one is NaN.</summary>
    static abstract TSelf Min(TSelf a, TSelf b);

    /// <summary>a &gt; b ? a : b per lane: b where one is NaN.</summary>
    static abstract TSelf Max(TSelf a, TSelf b);

    /// <summary>a &lt;= b ? then : otherwise per lane.</summary>
    static abstract TSelf SelectAtMost(TSelf a, TSelf b, TSelf then, TSelf otherwise);

    /// <summary>
    /// value * 2^n rounded once, n = shifted - <see cref="Numerics.Elementary.RoundingShift32"/> from -150 to 128, |value| about 1.
    /// </summary>
    static abstract TSelf ScaleByPowerOfTwo(TSelf value, TSelf shifted);

    /// <summary>Sum of the lanes by the fold 8-4-2-1.</summary>
    static abstract float FoldSum(TSelf a);

    /// <summary>Largest lane by the fold 8-4-2-1.</summary>
    static abstract float FoldMax(TSelf a);
}

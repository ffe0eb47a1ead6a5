using static Olmo.Model.Tensors.OperandChecks;

namespace Olmo.Model.Tensors;

/// <summary>What every provider asks of the operands of an attention before it begins.</summary>
internal static class AttentionChecks
{
    /// <summary>Sizes of <see cref="ITensorProvider.Attention"/>.</summary>
    public static void RequireAttention(in AttentionGeometry g, in Tensor query, in Tensor key, in Tensor value, in Tensor output)
    {
        Require(query.Shape.Rows == g.QueryRows && query.Shape.Columns == (long)g.QueryHeads * g.HeadWidth, "attention", query, output);
        Require(key.Shape.Rows == g.KeyRows && key.Shape.Columns == (long)g.KeyHeads * g.HeadWidth, "attention", query, key);
        RequireSame("attention", key, value);
        RequireSame("attention", query, output);
        if (g.KeyHeads < 1 || g.QueryHeads % g.KeyHeads != 0 || g.Keys < g.FirstPosition + g.Queries || g.Window < 0)
        {
            throw new ArgumentException($"The sizes of an attention do not fit each other: {g}.", nameof(g));
        }
    }

    /// <summary>Sizes of <see cref="ITensorProvider.AttentionGradient"/> beyond those of the forward pass.</summary>
    public static void RequireGradients(
        in AttentionGeometry geometry,
        in Tensor query,
        in Tensor key,
        in Tensor value,
        in Tensor outputGradient,
        in Tensor queryGradient,
        in Tensor keyGradient,
        in Tensor valueGradient)
    {
        RequireSame("attention gradient", query, outputGradient);
        RequireSame("attention gradient", query, queryGradient);
        RequireSame("attention gradient", key, keyGradient);
        RequireSame("attention gradient", value, valueGradient);
        if (geometry.FirstPosition != 0 || geometry.Keys != geometry.Queries)
        {
            throw new ArgumentException($"The gradient of an attention needs whole sequences: {geometry}.", nameof(geometry));
        }
    }

    /// <summary>Sizes of <see cref="ITensorProvider.CachedAttention"/>.</summary>
    public static void RequireCachedAttention(
        in CacheGeometry g,
        ReadOnlySpan<CacheSegment> segments,
        in Tensor query,
        in Tensor key,
        in Tensor value,
        in Tensor keyCache,
        in Tensor valueCache,
        in Tensor output)
    {
        RequireSame("cached attention", query, output);
        RequireSame("cached attention", key, value);
        RequireSame("cached attention", keyCache, valueCache);
        Require(query.Shape.Rows == key.Shape.Rows, "cached attention", query, key);
        Require(query.Shape.Columns == (long)g.QueryHeads * g.HeadWidth, "cached attention", query, output);
        Require(key.Shape.Columns == (long)g.KeyHeads * g.HeadWidth, "cached attention", key, value);
        Require(keyCache.Shape.Rows == (long)g.Slots * g.Capacity && keyCache.Shape.Columns == key.Shape.Columns, "cached attention", key, keyCache);
        if (g.KeyHeads < 1 || g.QueryHeads % g.KeyHeads != 0 || g.Capacity % CacheGeometry.CapacityStep != 0 || g.Window < 0)
        {
            throw new ArgumentException($"The sizes of an attention over a cache do not fit each other: {g}.", nameof(g));
        }

        foreach (CacheSegment s in segments)
        {
            if ((uint)s.Slot >= (uint)g.Slots || s.Rows < 1 || s.FirstRow < 0 || s.FirstRow > query.Shape.Rows - s.Rows || s.FirstPosition < 0 || s.FirstPosition > g.Capacity - s.Rows)
            {
                throw new ArgumentException($"{s} is outside of a cache of {g} or of {query.Shape.Rows} rows.", nameof(segments));
            }
        }
    }
}

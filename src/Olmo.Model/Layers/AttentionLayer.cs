using Olmo.Model.Generation;
using Olmo.Model.Models;
using Olmo.Model.Tensors;

namespace Olmo.Model.Layers;

/// <summary>Causal attention with RoPE; QK-norm over all heads (OLMo 2), clamped projections (some OLMo 1), grouped KV heads, sliding window (OLMo 3).</summary>
internal sealed class AttentionLayer(ITensorProvider provider, OlmoConfig config, int block, RopeTables rope, ActivationRounding rounding)
{
    private readonly double? _clip = config.ClipQkv;
    private readonly double _epsilon = config.NormEpsilon;

    /// <summary>Writes everything of <paramref name="a"/> from q to a.Attended.</summary>
    public void Forward(in BlockTensors w, in Tensor x, BlockActivations a, in Passage passage)
    {
        ProjectAndTurn(x, w.Query, w.QueryNorm, a.RawQuery, a.Query, a.QueryStatistics, passage.Positions);
        ProjectAndTurn(x, w.Key, w.KeyNorm, a.RawKey, a.Key, a.KeyStatistics, passage.Positions);
        Project(x, w.Value, a.RawValue, a.Value);
        if (passage.Cache is { } cache)
        {
            provider.CachedAttention(
                new CacheGeometry(cache.Sequences, cache.Capacity, config.Heads, config.KeyHeads, config.HeadWidth, config.WindowOf(block)),
                cache.Segments,
                a.Query,
                a.Key,
                a.Value,
                cache.Keys(block),
                cache.Values(block),
                a.Mixed);
        }
        else
        {
            provider.Attention(
                Geometry(passage.Sequences, passage.Length, passage.Length, 0), a.Query, a.Key, a.Value, passage.DocumentStarts, a.Mixed, a.LogSumExp);
        }

        rounding.Complete(a.Mixed);
        provider.Linear(a.Mixed, w.Output, a.Attended);
        rounding.Complete(a.Attended);
    }

    /// <summary>From the gradient of a.Attended to that of x.</summary>
    /// <param name="w">Weights.</param>
    /// <param name="x">Input of the forward pass.</param>
    /// <param name="a">Activations of the forward pass.</param>
    /// <param name="passage">As in the forward pass, without a cache.</param>
    /// <param name="dy">[rows, d]</param>
    /// <param name="dx">[rows, d], not dy.</param>
    /// <param name="accumulateInput">True: dx goes on from what it holds.</param>
    /// <param name="scratch">Scratch.</param>
    /// <param name="g">Gradients of the weights.</param>
    /// <param name="accumulate">True: they go on from what they hold.</param>
    public void Backward(
        in BlockTensors w,
        in Tensor x,
        BlockActivations a,
        in Passage passage,
        in Tensor dy,
        in Tensor dx,
        bool accumulateInput,
        GradientScratch scratch,
        in BlockTensors g,
        bool accumulate)
    {
        provider.LinearWeightGradient(dy, a.Mixed, g.Output, accumulate);
        provider.LinearInputGradient(dy, w.Output, scratch.Mixed);
        provider.AttentionGradient(
            Geometry(passage.Sequences, passage.Length, passage.Length, 0),
            a.Query,
            a.Key,
            a.Value,
            passage.DocumentStarts,
            a.Mixed,
            a.LogSumExp,
            scratch.Mixed,
            scratch.Query,
            scratch.Key,
            scratch.Value);
        Tensor query = TurnBack(scratch.Query, scratch.Mixed, passage.Positions, w.QueryNorm, a.RawQuery, a.QueryStatistics, g.QueryNorm, accumulate);
        ProjectBack(query, x, w.Query, dx, accumulateInput, g.Query, accumulate);
        Tensor key = TurnBack(scratch.Key, scratch.Mixed, passage.Positions, w.KeyNorm, a.RawKey, a.KeyStatistics, g.KeyNorm, accumulate);
        ProjectBack(key, x, w.Key, dx, true, g.Key, accumulate);
        if (_clip is { } limit)
        {
            provider.ClampGradient(scratch.Value, a.RawValue, scratch.Value, limit);
        }

        ProjectBack(scratch.Value, x, w.Value, dx, true, g.Value, accumulate);
    }

    // Values: projected, and clamped where there is a limit.
    private void Project(in Tensor x, in Tensor weight, in Activation raw, in Activation result)
    {
        if (_clip is { } limit)
        {
            provider.Linear(x, weight, raw);
            rounding.Complete(raw);
            provider.Clamp(raw, result, limit);
        }
        else
        {
            provider.Linear(x, weight, result);
        }

        rounding.Complete(result);
    }

    // Queries or keys: projected, clamped or normed as the model does, turned. Only what a clamp or norm reads and what is turned are rounded.
    private void ProjectAndTurn(in Tensor x, in Tensor weight, in Tensor norm, in Activation raw, in Activation result, in NormStatistics statistics, in Tensor positions)
    {
        provider.Linear(x, weight, raw);
        if (!norm.IsNone)
        {
            rounding.Complete(raw);
            provider.RmsNormRope(raw, norm, statistics.Rstd, _epsilon, rope.At(positions), result);
        }
        else
        {
            if (_clip is not null)
            {
                rounding.Complete(raw);
            }

            provider.Rope(raw, rope.At(positions), result, _clip ?? double.PositiveInfinity);
        }

        rounding.Complete(result);
    }

    // From the gradient of turned queries or keys to that of projected ones: where there is a norm in other memory, else in place.
    private Tensor TurnBack(
        in Tensor dy, in Tensor other, in Tensor positions, in Tensor norm, in Tensor raw, in NormStatistics statistics, in Tensor normGradient, bool accumulate)
    {
        if (!norm.IsNone)
        {
            Tensor dx = other.View(0, dy.Shape);
            provider.RmsNormRopeGradient(dy, rope.At(positions), raw, norm, statistics.Rstd, dx, normGradient, accumulate);
            return dx;
        }

        provider.RopeGradient(dy, rope.At(positions), dy);
        if (_clip is { } limit)
        {
            provider.ClampGradient(dy, raw, dy, limit);
        }

        return dy;
    }

    private void ProjectBack(in Tensor dy, in Tensor x, in Tensor weight, in Tensor dx, bool accumulateInput, in Tensor weightGradient, bool accumulate)
    {
        provider.LinearWeightGradient(dy, x, weightGradient, accumulate);
        provider.LinearInputGradient(dy, weight, dx, accumulateInput);
    }

    private AttentionGeometry Geometry(int sequences, int queries, int keys, int firstPosition) =>
        new(sequences, queries, keys, firstPosition, config.Heads, config.KeyHeads, config.HeadWidth, config.WindowOf(block));
}

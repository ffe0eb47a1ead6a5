using Olmo.Model.Generation;
using Olmo.Model.Models;
using Olmo.Model.Tensors;

namespace Olmo.Model.Layers;

/// <summary>Causal attention with RoPE; QK-norm over all heads (OLMo 2), clamped projections (some OLMo 1), grouped KV heads, sliding window (OLMo 3).</summary>
internal sealed class AttentionLayer(ITensorProvider provider, OlmoConfig config, int block, RopeTables rope, ActivationRounding rounding)
{
    private readonly double? _clip = config.ClipQkv;
    private readonly bool _hasNorm = config.IsReordered;
    private readonly double _epsilon = config.NormEpsilon;

    /// <summary>Writes everything of <paramref name="a"/> from q to a.Attended.</summary>
    public void Forward(in BlockTensors w, in Tensor x, BlockActivations a, in Passage passage)
    {
        Project(x, w.Query, w.QueryNorm, a.RawQuery, a.Query, a.QueryStatistics);
        Project(x, w.Key, w.KeyNorm, a.RawKey, a.Key, a.KeyStatistics);
        Project(x, w.Value, default, a.RawValue, a.Value, default);
        rounding.Complete(a.Value);
        provider.Rope(a.Query, passage.Positions, rope.Cos, rope.Sin, a.Query);
        rounding.Complete(a.Query);
        provider.Rope(a.Key, passage.Positions, rope.Cos, rope.Sin, a.Key);
        rounding.Complete(a.Key);
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
        provider.RopeGradient(scratch.Query, passage.Positions, rope.Cos, rope.Sin, scratch.Query);
        provider.RopeGradient(scratch.Key, passage.Positions, rope.Cos, rope.Sin, scratch.Key);
        ProjectBack(scratch.Query, x, w.Query, w.QueryNorm, a.RawQuery, a.QueryStatistics, dx, accumulateInput, g.Query, g.QueryNorm, accumulate);
        ProjectBack(scratch.Key, x, w.Key, w.KeyNorm, a.RawKey, a.KeyStatistics, dx, true, g.Key, g.KeyNorm, accumulate);
        ProjectBack(scratch.Value, x, w.Value, default, a.RawValue, default, dx, true, g.Value, default, accumulate);
    }

    private void Project(in Tensor x, in Tensor weight, in Tensor norm, in Activation raw, in Tensor result, in NormStatistics statistics)
    {
        if (_clip is { } limit)
        {
            provider.Linear(x, weight, raw);
            rounding.Complete(raw);
            provider.Clamp(raw, result, limit);
        }
        else if (!norm.IsNone)
        {
            provider.Linear(x, weight, raw);
            rounding.Complete(raw);
            provider.RmsNorm(raw, norm, result, statistics.Rstd, _epsilon);
        }
        else
        {
            provider.Linear(x, weight, result);
        }
    }

    private void ProjectBack(
        in Tensor dy,
        in Tensor x,
        in Tensor weight,
        in Tensor norm,
        in Tensor raw,
        in NormStatistics statistics,
        in Tensor dx,
        bool accumulateInput,
        in Tensor weightGradient,
        in Tensor normGradient,
        bool accumulate)
    {
        if (_clip is { } limit)
        {
            provider.ClampGradient(dy, raw, dy, limit);
        }
        else if (_hasNorm && !norm.IsNone)
        {
            provider.RmsNormGradient(dy, raw, norm, statistics.Rstd, dy, normGradient, accumulate);
        }

        provider.LinearWeightGradient(dy, x, weightGradient, accumulate);
        provider.LinearInputGradient(dy, weight, dx, accumulateInput);
    }

    private AttentionGeometry Geometry(int sequences, int queries, int keys, int firstPosition) =>
        new(sequences, queries, keys, firstPosition, config.Heads, config.KeyHeads, config.HeadWidth, config.WindowOf(block));
}

using Olmo.Model.Tensors;

namespace Olmo.Gpu.Kernels;

/// <content>Operations of layers.</content>
internal sealed partial class ObservedProvider
{
    public void Linear(in Tensor x, in Tensor weight, in Tensor y, bool accumulate = false)
    {
        (Tensor from, Tensor w, Tensor to) = (x, weight, y);
        Do(Named("linear", accumulate), Product(x, weight), [from, w, to, accumulate ? to : default], () => inner.Linear(from, w, to, accumulate));
    }

    public void LinearInputGradient(in Tensor dy, in Tensor weight, in Tensor dx, bool accumulate = false)
    {
        (Tensor from, Tensor w, Tensor to) = (dy, weight, dx);
        Do(Named("linear, input gradient", accumulate), Product(dx, weight), [from, w, to, accumulate ? to : default], () => inner.LinearInputGradient(from, w, to, accumulate));
    }

    public void LinearWeightGradient(in Tensor dy, in Tensor x, in Tensor weightGradient, bool accumulate)
    {
        (Tensor from, Tensor input, Tensor to) = (dy, x, weightGradient);
        Do(
            Named("linear, weight gradient", accumulate), Product(x, weightGradient), [from, input, to, accumulate ? to : default],
            () => inner.LinearWeightGradient(from, input, to, accumulate));
    }

    public void RmsNorm(in Tensor x, in Tensor weight, in Tensor y, in Tensor rstd, double epsilon, in Tensor residual = default)
    {
        (Tensor from, Tensor w, Tensor to, Tensor statistics, Tensor onto) = (x, weight, y, rstd, residual);
        Do(Named("rms norm", !onto.IsNone), 0.0, [from, w, to, statistics, onto], () => inner.RmsNorm(from, w, to, statistics, epsilon, onto));
    }

    public void RmsNormGradient(in Tensor dy, in Tensor x, in Tensor weight, in Tensor rstd, in Tensor dx, in Tensor weightGradient, bool accumulate)
    {
        (Tensor from, Tensor input, Tensor w, Tensor statistics, Tensor to, Tensor toWeight) = (dy, x, weight, rstd, dx, weightGradient);
        Do("rms norm gradient", 0.0, [from, input, w, statistics, to, toWeight], () => inner.RmsNormGradient(from, input, w, statistics, to, toWeight, accumulate));
    }

    public void LayerNorm(in Tensor x, in Tensor y, in Tensor mean, in Tensor rstd, double epsilon)
    {
        (Tensor from, Tensor to, Tensor means, Tensor statistics) = (x, y, mean, rstd);
        Do("layer norm", 0.0, [from, to, means, statistics], () => inner.LayerNorm(from, to, means, statistics, epsilon));
    }

    public void LayerNormGradient(in Tensor dy, in Tensor x, in Tensor mean, in Tensor rstd, in Tensor dx)
    {
        (Tensor from, Tensor input, Tensor means, Tensor statistics, Tensor to) = (dy, x, mean, rstd, dx);
        Do("layer norm gradient", 0.0, [from, input, means, statistics, to], () => inner.LayerNormGradient(from, input, means, statistics, to));
    }

    public void Clamp(in Tensor x, in Tensor y, double limit)
    {
        (Tensor from, Tensor to) = (x, y);
        Do("clamp", 0.0, [from, to], () => inner.Clamp(from, to, limit));
    }

    public void ClampGradient(in Tensor dy, in Tensor x, in Tensor dx, double limit)
    {
        (Tensor from, Tensor input, Tensor to) = (dy, x, dx);
        Do("clamp gradient", 0.0, [from, input, to], () => inner.ClampGradient(from, input, to, limit));
    }

    public void RopeTable(RopeSpectrum spectrum, in Tensor cos, in Tensor sin) => inner.RopeTable(spectrum, cos, sin);

    public void Rope(in Tensor x, in RopeAngles angles, in Tensor y, double limit = double.PositiveInfinity)
    {
        (Tensor from, RopeAngles by, Tensor to) = (x, angles, y);
        Do("rope", 0.0, [from, by.Positions, to], () => inner.Rope(from, by, to, limit));
    }

    public void RopeGradient(in Tensor dy, in RopeAngles angles, in Tensor dx)
    {
        (Tensor from, RopeAngles by, Tensor to) = (dy, angles, dx);
        Do("rope gradient", 0.0, [from, by.Positions, to], () => inner.RopeGradient(from, by, to));
    }

    public void RmsNormRope(in Tensor x, in Tensor weight, in Tensor rstd, double epsilon, in RopeAngles angles, in Tensor y)
    {
        (Tensor from, Tensor w, Tensor statistics, RopeAngles by, Tensor to) = (x, weight, rstd, angles, y);
        Do("rms norm and rope", 0.0, [from, w, statistics, by.Positions, to], () => inner.RmsNormRope(from, w, statistics, epsilon, by, to));
    }

    public void RmsNormRopeGradient(
        in Tensor dy, in RopeAngles angles, in Tensor x, in Tensor weight, in Tensor rstd, in Tensor dx, in Tensor weightGradient, bool accumulate)
    {
        (Tensor from, RopeAngles by, Tensor input, Tensor w, Tensor statistics, Tensor to, Tensor toWeight) = (dy, angles, x, weight, rstd, dx, weightGradient);
        Do(
            "rms norm and rope, gradient", 0.0, [from, by.Positions, input, w, statistics, to, toWeight],
            () => inner.RmsNormRopeGradient(from, by, input, w, statistics, to, toWeight, accumulate));
    }

    public void Attention(
        in AttentionGeometry geometry, in Tensor query, in Tensor key, in Tensor value, in Tensor documentStarts, in Tensor output, in Tensor logSumExp)
    {
        AttentionGeometry sizes = geometry;
        (Tensor q, Tensor k, Tensor v, Tensor starts, Tensor to, Tensor sums) = (query, key, value, documentStarts, output, logSumExp);
        Do("attention", 2.0 * ProductOf(sizes), [q, k, v, starts, to, sums], () => inner.Attention(sizes, q, k, v, starts, to, sums));
    }

    public void AttentionGradient(
        in AttentionGeometry geometry,
        in Tensor query,
        in Tensor key,
        in Tensor value,
        in Tensor documentStarts,
        in Tensor output,
        in Tensor logSumExp,
        in Tensor outputGradient,
        in Tensor queryGradient,
        in Tensor keyGradient,
        in Tensor valueGradient)
    {
        AttentionGeometry sizes = geometry;
        (Tensor q, Tensor k, Tensor v, Tensor starts, Tensor o, Tensor sums) = (query, key, value, documentStarts, output, logSumExp);
        (Tensor dy, Tensor dq, Tensor dk, Tensor dv) = (outputGradient, queryGradient, keyGradient, valueGradient);
        Do(
            "attention gradient", 5.0 * ProductOf(sizes), [q, k, v, starts, o, sums, dy, dq, dk, dv],
            () => inner.AttentionGradient(sizes, q, k, v, starts, o, sums, dy, dq, dk, dv));
    }

    public void SwiGlu(in Tensor gate, in Tensor up, in Tensor y)
    {
        (Tensor a, Tensor b, Tensor to) = (gate, up, y);
        Do("swiglu", 0.0, [a, b, to], () => inner.SwiGlu(a, b, to));
    }

    public void SwiGluGradient(in Tensor dy, in Tensor gate, in Tensor up, in Tensor gateGradient, in Tensor upGradient)
    {
        (Tensor from, Tensor a, Tensor b, Tensor toGate, Tensor toUp) = (dy, gate, up, gateGradient, upGradient);
        Do("swiglu gradient", 0.0, [from, a, b, toGate, toUp], () => inner.SwiGluGradient(from, a, b, toGate, toUp));
    }

    private static string Named(string name, bool accumulate) => accumulate ? name + " +=" : name;

    // Both have the inner axis, or what becomes of it, as columns.
    private static double Product(in Tensor rows, in Tensor weight) => 2.0 * (rows.Count / weight.Shape.Columns) * weight.Count;

    // Of one of the products of attention: query i sees i + 1 keys, or a window of them.
    private static double ProductOf(in AttentionGeometry g)
    {
        double window = g.Window == 0 ? g.Queries : Math.Min(g.Window, g.Queries);
        double seen = (window * (window + 1.0) / 2.0) + ((g.Queries - window) * window);
        return 2.0 * g.Sequences * seen * g.QueryHeads * g.HeadWidth;
    }
}

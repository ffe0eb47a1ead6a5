using Olmo.Model.Tensors;

namespace Olmo.Model.Tests.Tensors;

/// <summary>All operations of <see cref="ITensorProvider"/> but attention and the loss head, on shapes that are multiples of nothing.</summary>
internal static partial class ProviderOperations
{
    private const double Epsilon = 1e-3;

    // Angles are fp32 products of up to 59 radians.
    private const double TableTolerance = 4e-6;

    // Its input gradient is a chain of 1,203 products.
    private const double HeadTolerance = 3e-6;

    public static IReadOnlyList<ProviderOperation> All { get; } =
    [
        new("linear", Linear, ["x", "w"]),
        new("linear onto what is there", LinearAccumulated, []),
        new("embedding", Embedding, ["table"]),
        new("rms norm", RmsNorm, ["x", "w"]),
        new("rms norm gradient onto what is there", RmsNormAccumulated, []),
        new("layer norm", LayerNorm, ["x"]),
        new("clamp", Clamp, ["x"]),
        new("swiglu", SwiGlu, ["gate", "up"]),
        new("rope", Rope, ["x"]),
        new("rope of clamped heads", RopeClamped, []),
        new("rms norm and rope", w => RmsNormRope(w, w.Size(3, 13), accumulate: false), ["x", "w"]),
        new("rms norm and rope, halves of eight", w => RmsNormRope(w, w.Size(4, 24), accumulate: false), ["x", "w"]),
        new("rms norm and rope onto what is there", w => RmsNormRope(w, w.Size(3, 13), accumulate: true), []),
        new("rope table", w => RopeTable(w, null), [], TableTolerance),
        new("rope table, yarn", w => RopeTable(w, new YarnScaling(8.0, 64)), [], TableTolerance),
        new("add, copy, zero, sum in order", Elements, []),
        new("attention", w => Attention(w, 0, hasDocuments: false), ["q", "k", "v"]),
        new("attention, window", w => Attention(w, w.Size(3, 17), hasDocuments: false), ["q", "k", "v"]),
        new("attention, documents", w => Attention(w, 0, hasDocuments: true), ["q", "k", "v"]),
        new("attention, window and documents", w => Attention(w, w.Size(2, 40), hasDocuments: true), ["q", "k", "v"]),
        new("attention over cached keys", AttentionOverCache, []),
        new("attention that fills caches", w => CachedAttention(w, window: 0), []),
        new("attention that fills caches, window", w => CachedAttention(w, w.Size(3, 70)), []),
        new("loss head", w => LossHead(w, hasWeights: false, accumulate: false), ["x", "w"], HeadTolerance),
        new("loss head, weights", w => LossHead(w, hasWeights: true, accumulate: false), ["x", "w"], HeadTolerance),
        new("loss head onto what is there", w => LossHead(w, hasWeights: true, accumulate: true), ["x"], HeadTolerance),
        new("loss head, forward only", LossHeadForward, [], HeadTolerance),
    ];

    public static ProviderOperation Named(string name) => All.Single(o => o.Name == name);

    private static double Linear(Workbench w)
    {
        (int rows, int inputs, int outputs) = (w.Size(5, 67), w.Size(7, 131), w.Size(3, 77));
        Tensor x = w.Input("x", rows, inputs);
        Tensor weight = w.Input("w", outputs, inputs);
        Tensor dy = w.Input("dy", rows, outputs);
        w.Provider.Linear(x, weight, w.Output("y", rows, outputs));
        w.Provider.LinearInputGradient(dy, weight, w.Output("dx", rows, inputs));
        w.Provider.LinearWeightGradient(dy, x, w.CopyOf("dw", weight), accumulate: false);
        return w.Dot("y", "dy");
    }

    private static double LinearAccumulated(Workbench w)
    {
        (int rows, int inputs, int outputs) = (w.Size(5, 67), w.Size(7, 131), w.Size(3, 77));
        Tensor x = w.Input("x", rows, inputs);
        Tensor weight = w.Input("w", outputs, inputs);
        Tensor dy = w.Input("dy", rows, outputs);
        w.Provider.Linear(x, weight, w.CopyOf("y", dy), accumulate: true);
        w.Provider.LinearInputGradient(dy, weight, w.CopyOf("dx", x), accumulate: true);
        w.Provider.LinearWeightGradient(dy, x, w.CopyOf("dw", weight), accumulate: true);
        return w.Dot("y", "dy");
    }

    private static double Embedding(Workbench w)
    {
        (int vocabulary, int width) = (w.Size(7, 41), w.Size(3, 201));
        int[] ids = w.Size(0, 1) == 0 ? [3, 6, 3, 0, 3] : [.. Enumerable.Range(0, 90).Select(i => i * i % vocabulary)];
        Tensor table = w.Input("table", vocabulary, width);
        Tensor tokens = w.Integers("ids", ids);
        w.Provider.Embedding(table, tokens, w.Output("y", ids.Length, width));
        w.Provider.EmbeddingGradient(tokens, w.Input("dy", ids.Length, width), w.Output("dtable", vocabulary, width));
        return w.Dot("y", "dy");
    }

    private static double RmsNorm(Workbench w)
    {
        (int rows, int columns) = (w.Size(4, 53), w.Size(6, 333));
        Tensor x = w.Input("x", rows, columns);
        Tensor weight = w.Input("w", 0.5, 1.5, columns);
        Tensor dy = w.Input("dy", rows, columns);
        Tensor rstd = w.Output("rstd", rows);
        w.Provider.RmsNorm(x, weight, w.Output("y", rows, columns), rstd, Epsilon);
        Tensor inPlace = w.CopyOf("y in place", x);
        w.Provider.RmsNorm(inPlace, weight, inPlace, default, Epsilon);
        w.Provider.RmsNorm(x, weight, w.Output("y onto a residual", rows, columns), default, Epsilon, dy);
        Tensor onto = w.CopyOf("y onto a residual in place", dy);
        w.Provider.RmsNorm(x, weight, onto, default, Epsilon, onto);
        w.Provider.RmsNormGradient(dy, x, weight, rstd, w.Output("dx", rows, columns), w.CopyOf("dw", weight), accumulate: false);
        Tensor gradient = w.CopyOf("dx in place", dy);
        w.Provider.RmsNormGradient(gradient, x, weight, rstd, gradient, w.Output("dw in place", columns), accumulate: false);
        return w.Dot("y", "dy");
    }

    private static double RmsNormAccumulated(Workbench w)
    {
        (int rows, int columns) = (w.Size(4, 53), w.Size(6, 333));
        Tensor x = w.Input("x", rows, columns);
        Tensor weight = w.Input("w", 0.5, 1.5, columns);
        Tensor rstd = w.Output("rstd", rows);
        w.Provider.RmsNorm(x, weight, w.Output("y", rows, columns), rstd, Epsilon);
        w.Provider.RmsNormGradient(
            w.Input("dy", rows, columns), x, weight, rstd, w.Output("dx", rows, columns), w.CopyOf("dw", weight), accumulate: true);
        return w.Dot("y", "dy");
    }

    private static double LayerNorm(Workbench w)
    {
        (int rows, int columns) = (w.Size(4, 53), w.Size(6, 333));
        Tensor x = w.Input("x", -0.5, 1.5, rows, columns);
        Tensor dy = w.Input("dy", rows, columns);
        Tensor mean = w.Output("mean", rows);
        Tensor rstd = w.Output("rstd", rows);
        w.Provider.LayerNorm(x, w.Output("y", rows, columns), mean, rstd, Epsilon);
        Tensor inPlace = w.CopyOf("y in place", x);
        w.Provider.LayerNorm(inPlace, inPlace, default, default, Epsilon);
        w.Provider.LayerNormGradient(dy, x, mean, rstd, w.Output("dx", rows, columns));
        Tensor gradient = w.CopyOf("dx in place", dy);
        w.Provider.LayerNormGradient(gradient, x, mean, rstd, gradient);
        return w.Dot("y", "dy");
    }

    private static double Clamp(Workbench w)
    {
        int count = w.Size(23, 20_011);
        Tensor x = w.Input("x", count);
        Tensor dy = w.Input("dy", count);
        w.Provider.Clamp(x, w.Output("y", count), 0.5);
        Tensor inPlace = w.CopyOf("y in place", x);
        w.Provider.Clamp(inPlace, inPlace, 0.5);
        w.Provider.ClampGradient(dy, x, w.Output("dx", count), 0.5);
        Tensor gradient = w.CopyOf("dx in place", dy);
        w.Provider.ClampGradient(gradient, x, gradient, 0.5);
        return w.Dot("y", "dy");
    }

    private static double SwiGlu(Workbench w)
    {
        (int rows, int columns) = (w.Size(3, 61), w.Size(7, 347));
        Tensor gate = w.Input("gate", -4.0, 4.0, rows, columns);
        Tensor up = w.Input("up", rows, columns);
        Tensor dy = w.Input("dy", rows, columns);
        w.Provider.SwiGlu(gate, up, w.Output("y", rows, columns));
        Tensor inPlace = w.CopyOf("y in place", gate);
        w.Provider.SwiGlu(inPlace, up, inPlace);
        w.Provider.SwiGluGradient(dy, gate, up, w.Output("dgate", rows, columns), w.Output("dup", rows, columns));
        Tensor gateInPlace = w.CopyOf("dgate in place", gate);
        Tensor upInPlace = w.CopyOf("dup in place", up);
        w.Provider.SwiGluGradient(dy, gateInPlace, upInPlace, gateInPlace, upInPlace);
        return w.Dot("y", "dy");
    }

    // RoPE is linear in x whatever the tables hold, so that random ones do.
    private static RopeAngles Angles(Workbench w, int rows, int length, int half) =>
        new(w.Integers("positions", [.. Enumerable.Range(0, rows).Select(t => t * 3 % length)]), w.Input("cos", length, half), w.Input("sin", length, half));

    private static double Rope(Workbench w)
    {
        (int rows, int heads, int half, int length) = (w.Size(4, 70), w.Size(2, 3), w.Size(3, 13), w.Size(5, 90));
        int width = heads * 2 * half;
        RopeAngles angles = Angles(w, rows, length, half);
        Tensor x = w.Input("x", rows, width);
        Tensor dy = w.Input("dy", rows, width);
        w.Provider.Rope(x, angles, w.Output("y", rows, width));
        Tensor inPlace = w.CopyOf("y in place", x);
        w.Provider.Rope(inPlace, angles, inPlace);
        w.Provider.RopeGradient(dy, angles, w.Output("dx", rows, width));
        Tensor gradient = w.CopyOf("dx in place", dy);
        w.Provider.RopeGradient(gradient, angles, gradient);
        return w.Dot("y", "dy");
    }

    private static double RopeClamped(Workbench w)
    {
        (int rows, int heads, int half) = (w.Size(4, 70), w.Size(2, 3), w.Size(3, 16));
        RopeAngles angles = Angles(w, rows, rows, half);
        Tensor x = w.Input("x", rows, heads * 2 * half);
        w.Provider.Rope(x, angles, w.Output("y", rows, heads * 2 * half), 0.5);
        Tensor inPlace = w.CopyOf("y in place", x);
        w.Provider.Rope(inPlace, angles, inPlace, 0.5);
        return w.Dot("y", "y");
    }

    private static double RmsNormRope(Workbench w, int half, bool accumulate)
    {
        (int rows, int heads, int length) = (w.Size(4, 70), w.Size(2, 3), w.Size(5, 90));
        int width = heads * 2 * half;
        RopeAngles angles = Angles(w, rows, length, half);
        Tensor x = w.Input("x", rows, width);
        Tensor weight = w.Input("w", 0.5, 1.5, width);
        Tensor dy = w.Input("dy", rows, width);
        Tensor rstd = w.Output("rstd", rows);
        w.Provider.RmsNormRope(x, weight, rstd, Epsilon, angles, w.Output("y", rows, width));
        w.Provider.RmsNormRope(x, weight, default, Epsilon, angles, w.Output("y without statistics", rows, width));
        w.Provider.RmsNormRopeGradient(dy, angles, x, weight, rstd, w.Output("dx", rows, width), w.CopyOf("dw", weight), accumulate);
        return w.Dot("y", "dy");
    }

    private static double RopeTable(Workbench w, YarnScaling? yarn)
    {
        int width = w.Size(6, 26);
        w.Provider.RopeTable(new RopeSpectrum(10_000.0, width, yarn), w.Output("cos", 60, width / 2), w.Output("sin", 60, width / 2));
        return w.Dot("cos", "sin");
    }

    private static double Elements(Workbench w)
    {
        int count = w.Size(9, 40_003);
        Tensor a = w.Input("a", count);
        Tensor b = w.Input("b", count);
        w.Provider.Add(a, b, w.Output("y", count));
        Tensor inPlace = w.CopyOf("y in place", b);
        w.Provider.Add(a, inPlace, inPlace);
        w.Provider.Zero(w.CopyOf("zero", a).View(1, new Shape(count - 2)));
        Tensor total = w.Output("total", DType.F64, 1);
        w.Provider.AddInOrder(a, total);
        w.Provider.AddInOrder(b, total);
        return w.Dot("a", "b");
    }
}

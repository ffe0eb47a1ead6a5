using Olmo.Model.Tensors;

namespace Olmo.Model.Tests.Tensors;

/// <summary>Tensors of one operation.</summary>
internal sealed record OperationTensors(
    Tensor[] Inputs, Tensor[] Gradients, Tensor Output, Tensor OutputGradient, Tensor[] Kept, Tensor Ids, Tensor[] Scratch);

/// <summary>One operation of the provider with its gradient, on sizes that are multiples of nothing.</summary>
internal sealed record OperationCase(
    Shape[] Inputs, Shape Output, Shape Kept, int[] Ids, Shape[] Scratch, Action<ITensorProvider, OperationTensors> Forward, Action<ITensorProvider, OperationTensors> Backward)
{
    private const int Rows = 21;
    private const int Columns = 37;
    private static readonly AttentionGeometry Causal = new(3, 7, 7, 0, 6, 2, 10, 0);
    private static readonly int[] Labels = [.. Enumerable.Range(0, Rows).Select(i => i % 5 == 2 ? LossHeadPass.IgnoredLabel : (i * 7) % 29)];

    public static IReadOnlyDictionary<string, OperationCase> All { get; } = new SortedDictionary<string, OperationCase>(StringComparer.Ordinal)
    {
        ["add"] = Elements(2, (p, t) => p.Add(t.Inputs[0], t.Inputs[1], t.Output), (p, t) =>
        {
            p.Copy(t.OutputGradient, t.Gradients[0]);
            p.Copy(t.OutputGradient, t.Gradients[1]);
        }),
        ["clamp"] = Elements(1, (p, t) => p.Clamp(t.Inputs[0], t.Output, 0.8), (p, t) => p.ClampGradient(t.OutputGradient, t.Inputs[0], t.Gradients[0], 0.8)),
        ["swiglu"] = Elements(
            2,
            (p, t) => p.SwiGlu(t.Inputs[0], t.Inputs[1], t.Output),
            (p, t) => p.SwiGluGradient(t.OutputGradient, t.Inputs[0], t.Inputs[1], t.Gradients[0], t.Gradients[1])),
        ["layer norm"] = Elements(
            1,
            (p, t) => p.LayerNorm(t.Inputs[0], t.Output, t.Kept[0], t.Kept[1], 1e-5),
            (p, t) => p.LayerNormGradient(t.OutputGradient, t.Inputs[0], t.Kept[0], t.Kept[1], t.Gradients[0])),
        ["rms norm"] = new OperationCase(
            [new Shape(Rows, Columns), new Shape(Columns)],
            new Shape(Rows, Columns),
            new Shape(Rows),
            [0],
            [],
            (p, t) => p.RmsNorm(t.Inputs[0], t.Inputs[1], t.Output, t.Kept[0], 1e-6),
            (p, t) => p.RmsNormGradient(t.OutputGradient, t.Inputs[0], t.Inputs[1], t.Kept[0], t.Gradients[0], t.Gradients[1], accumulate: false)),
        ["linear"] = new OperationCase(
            [new Shape(Rows, Columns), new Shape(19, Columns)],
            new Shape(Rows, 19),
            new Shape(1),
            [0],
            [],
            (p, t) => p.Linear(t.Inputs[0], t.Inputs[1], t.Output),
            (p, t) =>
            {
                p.LinearInputGradient(t.OutputGradient, t.Inputs[1], t.Gradients[0]);
                p.LinearWeightGradient(t.OutputGradient, t.Inputs[0], t.Gradients[1], accumulate: false);
            }),
        ["embedding"] = new OperationCase(
            [new Shape(11, Columns)],
            new Shape(Rows, Columns),
            new Shape(1),
            [.. Enumerable.Range(0, Rows).Select(i => i * i % 11)],
            [],
            (p, t) => p.Embedding(t.Inputs[0], t.Ids, t.Output),
            (p, t) =>
            {
                p.Zero(t.Gradients[0]);
                p.EmbeddingGradient(t.Ids, t.OutputGradient, t.Gradients[0]);
            }),
        ["rope"] = new OperationCase(
            [new Shape(Rows, 30)],
            new Shape(Rows, 30),
            new Shape(1),
            [.. Enumerable.Range(0, Rows).Select(i => i % 7)],
            [new Shape(8, 5), new Shape(8, 5)],
            (p, t) =>
            {
                p.RopeTable(new RopeSpectrum(100.0, 10), t.Scratch[0], t.Scratch[1]);
                p.Rope(t.Inputs[0], t.Ids, t.Scratch[0], t.Scratch[1], t.Output);
            },
            (p, t) => p.RopeGradient(t.OutputGradient, t.Ids, t.Scratch[0], t.Scratch[1], t.Gradients[0])),
        ["attention"] = Attention(Causal, documents: false),
        ["attention with documents"] = Attention(Causal, documents: true),
        ["attention with a window"] = Attention(Causal with { Window = 3 }, documents: false),
        ["attention over several tiles"] = Attention(new AttentionGeometry(1, 150, 150, 0, 2, 1, 6, 70), documents: false),
        ["loss head"] = LossHead(),
    };

    private static OperationCase Elements(int inputs, Action<ITensorProvider, OperationTensors> forward, Action<ITensorProvider, OperationTensors> backward) => new(
        [.. Enumerable.Repeat(new Shape(Rows, Columns), inputs)], new Shape(Rows, Columns), new Shape(Rows), [0], [], forward, backward);

    private static OperationCase Attention(AttentionGeometry g, bool documents)
    {
        Shape queries = new(g.QueryRows, (long)g.QueryHeads * g.HeadWidth);
        Shape keys = new(g.KeyRows, (long)g.KeyHeads * g.HeadWidth);
        return new OperationCase(
            [queries, keys, keys],
            queries,
            new Shape(g.QueryRows, g.QueryHeads),
            [.. Enumerable.Range(0, (int)g.QueryRows).Select(i => i % g.Queries < 2 ? 0 : i % g.Queries < 5 ? 2 : 5)],
            [],
            (p, t) => p.Attention(g, t.Inputs[0], t.Inputs[1], t.Inputs[2], documents ? t.Ids : default, t.Output, t.Kept[0]),
            (p, t) => p.AttentionGradient(
                g, t.Inputs[0], t.Inputs[1], t.Inputs[2], documents ? t.Ids : default, t.Output, t.Kept[0], t.OutputGradient, t.Gradients[0], t.Gradients[1], t.Gradients[2]));
    }

    // The output is [CE, Z] of each row; with upstream gradients of 1 / divisor they are what the head differentiates.
    private static OperationCase LossHead() => new(
        [new Shape(Rows, Columns), new Shape(29, Columns)],
        new Shape(2, Rows),
        new Shape(Rows),
        Labels,
        [new Shape(4, 29)],
        (p, t) => p.LossHead(Head(t)),
        (p, t) =>
        {
            float[] one = [.. Enumerable.Repeat(0.125f, 2 * Rows)];
            p.Write<float>(t.OutputGradient, one);
            p.LossHead(Head(t) with { InputGradient = t.Gradients[0], WeightGradient = t.Gradients[1] });
        });

    private static LossHeadPass Head(OperationTensors t) => new()
    {
        Input = t.Inputs[0],
        Weight = t.Inputs[1],
        Labels = t.Ids,
        Divisor = 8.0,
        ZMultiplier = 1e-2,
        CrossEntropy = t.Output.View(0, new Shape(Rows)),
        ZLoss = t.Output.View(Rows, new Shape(Rows)),
        Logits = t.Scratch[0],
    };
}

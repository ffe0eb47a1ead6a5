using Olmo.Model.Tensors;

namespace Olmo.Model.Tests.Tensors;

internal static partial class ProviderOperations
{
    private static double Attention(Workbench w, int window, bool hasDocuments)
    {
        AttentionGeometry g = new(2, w.Size(5, 131), w.Size(5, 131), 0, 4, 2, w.Size(3, 18), window);
        int[] starts = [.. Enumerable.Range(0, (int)g.QueryRows).Select(t => t % g.Queries).Select(p => p < g.Queries / 3 ? 0 : p < g.Queries / 2 ? g.Queries / 3 : g.Queries / 2)];
        Tensor documents = hasDocuments ? w.Integers("documents", starts) : default;
        (long queryWidth, long keyWidth) = (g.QueryHeads * g.HeadWidth, g.KeyHeads * g.HeadWidth);
        Tensor q = w.Input("q", -2.0, 2.0, g.QueryRows, queryWidth);
        Tensor k = w.Input("k", -2.0, 2.0, g.KeyRows, keyWidth);
        Tensor v = w.Input("v", g.KeyRows, keyWidth);
        Tensor y = w.Output("y", g.QueryRows, queryWidth);
        Tensor lse = w.Output("lse", g.QueryRows, g.QueryHeads);
        w.Provider.Attention(g, q, k, v, documents, y, lse);
        w.Provider.Attention(g, q, k, v, documents, w.Output("y in place", g.QueryRows, queryWidth), default);
        w.Provider.AttentionGradient(
            g,
            q,
            k,
            v,
            documents,
            y,
            lse,
            w.Input("dy", g.QueryRows, queryWidth),
            w.Output("dq", g.QueryRows, queryWidth),
            w.Output("dk", g.KeyRows, keyWidth),
            w.Output("dv", g.KeyRows, keyWidth));
        return w.Dot("y", "dy");
    }

    // Room for more keys than are filled; the two last rows are the new ones.
    private static double AttentionOverCache(Workbench w)
    {
        int cached = w.Size(6, 201);
        AttentionGeometry g = new(3, 2, cached + 9, cached, 4, 1, w.Size(3, 18), w.Size(4, 150));
        Tensor q = w.Input("q", -2.0, 2.0, g.QueryRows, g.QueryHeads * g.HeadWidth);
        Tensor k = w.Input("k", -2.0, 2.0, g.KeyRows, g.HeadWidth);
        Tensor v = w.Input("v", g.KeyRows, g.HeadWidth);
        w.Provider.Attention(g, q, k, v, default, w.Output("y", g.QueryRows, g.QueryHeads * g.HeadWidth), default);
        return w.Dot("y", "q");
    }

    // Three sequences: prompts in one or two parts, then passes with one row of each and a mixed one.
    private static double CachedAttention(Workbench w, int window)
    {
        int prompt = w.Size(5, 130);
        CacheSegment[][] passes =
        [
            [new(1, 0, prompt, 0)],
            [new(0, 0, 3, 0)],
            [new(0, 0, prompt, 3), new(2, prompt, 1, 0)],
            [new(2, 0, 1, 1), new(0, 1, 1, prompt + 3), new(1, 2, 1, prompt)],
            [new(1, 0, 1, prompt + 1)],
        ];
        CacheGeometry g = new(3, CacheGeometry.CapacityFor(prompt + 4), w.Size(4, 10), 2, w.Size(3, 24), window);
        Tensor keys = w.Zeroed("key cache", g.Slots * g.Capacity, g.KeyHeads * g.HeadWidth);
        Tensor values = w.Zeroed("value cache", g.Slots * g.Capacity, g.KeyHeads * g.HeadWidth);
        for (int i = 0; i < passes.Length; i++)
        {
            int rows = passes[i].Sum(s => s.Rows);
            w.Provider.CachedAttention(
                g,
                passes[i],
                w.Input($"q{i}", -2.0, 2.0, rows, g.QueryHeads * g.HeadWidth),
                w.Input($"k{i}", -2.0, 2.0, rows, g.KeyHeads * g.HeadWidth),
                w.Input($"v{i}", rows, g.KeyHeads * g.HeadWidth),
                keys,
                values,
                w.Output($"y{i}", rows, g.QueryHeads * g.HeadWidth));
        }

        return w.Dot("y0", "q0");
    }

    private static double LossHead(Workbench w, bool hasWeights, bool accumulate)
    {
        LossHeadPass pass = Head(w, hasWeights);
        w.Provider.LossHead(pass with
        {
            LogProbability = w.Output("log probability", pass.Input.Shape.Rows),
            InputGradient = w.Output("dx", pass.Input.Shape.ToArray()),
            WeightGradient = w.CopyOf("dw", pass.Weight),
            Accumulate = accumulate,
        });
        return Objective(w, pass.Divisor);
    }

    private static double LossHeadForward(Workbench w)
    {
        LossHeadPass pass = Head(w, hasWeights: true);
        w.Provider.LossHead(pass);
        return Objective(w, pass.Divisor);
    }

    private static LossHeadPass Head(Workbench w, bool hasWeights)
    {
        (int rows, int width, int vocabulary) = (w.Size(7, 61), w.Size(4, 37), w.Size(9, 1_203));
        int[] labels = [.. Enumerable.Range(0, rows).Select(t => t % 5 == 2 ? LossHeadPass.IgnoredLabel : t * 13 % vocabulary)];
        return new LossHeadPass
        {
            Input = w.Input("x", -2.0, 2.0, rows, width),
            Weight = w.Input("w", vocabulary, width),
            Labels = w.Integers("labels", labels),
            Weights = hasWeights ? w.Input("weights", 0.25, 2.0, rows) : default,
            Divisor = 5.0,
            ZMultiplier = 0.01,
            CrossEntropy = w.Output("ce", rows),
            ZLoss = w.Output("z", rows),
            Logits = w.Provider is Fp64Provider ? w.Input("logits", 1, vocabulary) : w.Input("logits", w.Size(3, 16), vocabulary),
        };
    }

    private static double Objective(Workbench w, double divisor)
    {
        double sum = 0.0;
        foreach (double loss in w.Read("ce").Concat(w.Read("z")))
        {
            sum += loss / divisor;
        }

        return sum;
    }
}

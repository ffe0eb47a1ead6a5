using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Formats;
using Olmo.Model.Layers;
using Olmo.Model.Models;
using Olmo.Model.Tensors;
using Olmo.Tests;

namespace Olmo.Model.Tests.Models;

/// <summary>What lies between embedding and logits, against the reference's module outputs.</summary>
public sealed class HiddenGoldenTests
{
    private const int Length = 7;

    [ReferenceTheory]
    [MemberData(nameof(GoldenModelTests.Folders), MemberType = typeof(GoldenModelTests))]
    public void Activations_OfEveryBlock_MatchModuleOutputs(string name)
    {
        using ComputePool pool = new(2);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        using GoldenModel golden = new(name, provider);
        using SafetensorsReader hidden = golden.OpenFile("hidden.safetensors");
        using OlmoModel model = golden.Model(1, Length, GradientStorage.OneLayer);
        OlmoConfig config = golden.Parameters.Config;
        int[] ids = GoldenModel.Integers(golden.Cases, "b1_t7.input_ids");
        model.Logits<float>(new MicroBatch(ids, Length), new float[Length * config.Vocabulary]);
        ActivationSet a = model.Activations(Length);
        int compared = Compare(provider, hidden, "model.embed_tokens", a.Embedded) + Compare(provider, hidden, "model.norm", a.Normed);
        for (int l = 0; l < config.Layers; l++)
        {
            string layer = $"model.layers.{l}";
            BlockActivations b = a.Blocks[l];
            compared += Compare(provider, hidden, layer, b.Output)
                + Compare(provider, hidden, $"{layer}.self_attn.o_proj", b.Attended)
                + Compare(provider, hidden, $"{layer}.mlp.gate_proj", b.Gate)
                + Compare(provider, hidden, $"{layer}.mlp.up_proj", b.Up)
                + Compare(provider, hidden, $"{layer}.mlp.down_proj", b.Fed)
                + Compare(provider, hidden, $"{layer}.self_attn.v_proj", b.Value)
                + CompareHeads(provider, hidden, $"{layer}.self_attn.q_rope", b.Query, config.Heads)
                + CompareHeads(provider, hidden, $"{layer}.self_attn.k_rope", b.Key, config.KeyHeads);
            if (config.IsReordered)
            {
                compared += Compare(provider, hidden, $"{layer}.self_attn.q_proj", b.RawQuery)
                    + Compare(provider, hidden, $"{layer}.self_attn.k_proj", b.RawKey);
            }
            else
            {
                compared += Compare(provider, hidden, $"{layer}.input_layernorm", b.NormedInput)
                    + Compare(provider, hidden, $"{layer}.post_attention_layernorm", b.NormedMiddle);
            }
        }

        Assert.True(compared >= 10, $"{name}: only {compared} tensors of the file were compared");
    }

    private static int Compare(CpuProvider provider, SafetensorsReader hidden, string name, Tensor actual)
    {
        if (!hidden.TryFind(name, out _))
        {
            return 0;
        }

        double[] expected = GoldenModel.Doubles(hidden, name);
        float[] values = new float[actual.Count];
        provider.Read<float>(actual, values);
        GoldenModelTests.AssertWithin(expected, values, 1e-5 * expected.Max(Math.Abs), name);
        return 1;
    }

    // [heads, T, e] in the file, [T, heads * e] here.
    private static int CompareHeads(CpuProvider provider, SafetensorsReader hidden, string name, Tensor actual, int heads)
    {
        if (!hidden.TryFind(name, out _))
        {
            return 0;
        }

        double[] expected = GoldenModel.Doubles(hidden, name);
        float[] rows = new float[actual.Count];
        provider.Read<float>(actual, rows);
        int width = rows.Length / (Length * heads);
        float[] values = new float[rows.Length];
        for (int h = 0; h < heads; h++)
        {
            for (int t = 0; t < Length; t++)
            {
                rows.AsSpan(((t * heads) + h) * width, width).CopyTo(values.AsSpan(((h * Length) + t) * width));
            }
        }

        GoldenModelTests.AssertWithin(expected, values, 1e-5 * expected.Max(Math.Abs), name);
        return 1;
    }
}

using System.Text.Json;
using Olmo.Model.Compute;
using Olmo.Model.Kernels;
using Olmo.Model.Optimization;
using Olmo.Model.Tensors;
using Olmo.Model.Tests.Steps;
using Olmo.Tests;

namespace Olmo.Model.Tests.Optimization;

/// <summary>40 steps of AdamW against PyTorch and OLMo-core, skipped steps included.</summary>
public sealed unsafe class AdamWGoldenTests
{
    [ReferenceTheory]
    [InlineData("adamw")]
    [InlineData("adamw-foreach")]
    [InlineData("adamw-fused")]
    [InlineData("adamw-eps1e-5")]
    [InlineData("skip-adamw")]
    [InlineData("skip-adamw-foreach")]
    [InlineData("skip-adamw-noskip")]
    public void Update_FortySteps_StaysInsideTheReferencesOwnSpread(string name)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(ReferenceData.PathOf("golden", "training", "optim.json")));
        JsonElement root = document.RootElement;
        JsonElement run = root.GetProperty("runs").EnumerateArray().Single(r => r.GetProperty("name").GetString() == name);
        GoldenTensors input = new(ReferenceData.PathOf("golden", "training", "optim-input.safetensors"));
        GoldenTensors expected = new(ReferenceData.PathOf("golden", "training", run.GetProperty("file").GetString()!));
        JsonElement arguments = run.GetProperty("args");
        bool skips = arguments.TryGetProperty("rolling_interval_length", out JsonElement window);
        foreach (string parameter in (string[])["w", "e", "n"])
        {
            AdamWSettings settings = new(1.0, Epsilon: arguments.GetProperty("eps").GetDouble(), WeightDecay: parameter == "e" ? 0.0 : 0.1);
            float[] p = input.Floats("init." + parameter);
            float[] m = new float[p.Length];
            float[] v = new float[p.Length];
            float[] gradients = input.Floats("grad." + parameter);
            float[] goldenP = expected.Floats("param." + parameter);
            float[] goldenM = expected.Floats("exp_avg." + parameter);
            float[] goldenV = expected.Floats("exp_avg_sq." + parameter);
            SkipStepWindow rule = new(skips ? window.GetInt32() : 128);
            long updates = 0;
            for (int step = 0; step < 40; step++)
            {
                double loss = root.GetProperty("loss")[step].GetDouble();
                double norm = root.GetProperty("grad_norm")[step].GetDouble();
                bool applies = !skips || rule.Allows(loss, norm, arguments.GetProperty("sigma_factor").GetDouble());
                rule.Append(loss, norm);
                if (skips)
                {
                    Assert.Equal(run.GetProperty("step_factor")[step].GetDouble() == 1.0, applies);
                }

                if (applies)
                {
                    AdamWStep scalars = AdamWScalars.Of(settings, root.GetProperty("lr")[step].GetDouble(), 1.0, ++updates);
                    Update(scalars, gradients.AsSpan(step * p.Length, p.Length), p, m, v);
                }

                for (int i = 0; i < p.Length; i++)
                {
                    Assert.Equal(goldenP[((step + 1) * p.Length) + i], p[i], 1e-6f);
                    Assert.Equal(goldenM[(step * p.Length) + i], m[i], 1e-5f);
                    float gv = goldenV[(step * p.Length) + i];
                    Assert.True(Math.Abs(gv - v[i]) <= 1e-6 * Math.Abs(gv), $"step {step}: second moment {v[i]:R} instead of {gv:R}");
                }
            }

            Assert.Equal(run.GetProperty("step_count")[39].GetDouble(), updates);
        }
    }

    [Fact]
    public void Update_PublishedVector_Agrees()
    {
        float[] p = [1f];
        float[] m = [0f];
        float[] v = [0f];
        float[] gradients = [0.5f, -0.25f, 0.1f];
        double[] expected = [0.9890000002, 0.98532730579, 0.98112912777];
        for (int t = 0; t < 3; t++)
        {
            Update(AdamWScalars.Of(new AdamWSettings(1e-2), 1e-2, 1.0, t + 1), gradients.AsSpan(t, 1), p, m, v);
            Assert.Equal(expected[t], p[0], 2e-7);
        }

        Assert.Equal(0.028, m[0], 1e-8);
        Assert.Equal(0.01475, v[0], 1e-8);
    }

    private static void Update(in AdamWStep scalars, Span<float> gradient, float[] p, float[] m, float[] v)
    {
        fixed (float* g = gradient)
        fixed (float* pp = p)
        fixed (float* mm = m)
        fixed (float* vv = v)
        {
            AdamW.Update(SimdWidths.Best, scalars, g, pp, mm, vv, 0, p.Length);
        }
    }
}

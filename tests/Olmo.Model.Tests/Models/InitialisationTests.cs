using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Models;
using Olmo.Model.Tensors;

namespace Olmo.Model.Tests.Models;

public sealed class InitialisationTests
{
    [Theory]
    [InlineData(InitialisationMethod.Normal)]
    [InlineData(InitialisationMethod.Mitchell)]
    public void Draw_EveryParameter_HasItsDeviationAndCut(InitialisationMethod method)
    {
        OlmoConfig config = TinyModels.Config("olmo2") with
        {
            Width = 96,
            FeedForward = 200,
            Vocabulary = 503,
            Initialisation = method,
            InitialDeviation = 0.02,
        };
        using ComputePool pool = new(1);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        using ResidentWeights weights = new(provider, new ParameterList(config));
        Initialisation.Draw(weights, 1);
        foreach ((ParameterSpec spec, int index) in weights.Parameters.Specs.Select((s, i) => (s, i)))
        {
            float[] values = new float[spec.Shape.Count];
            provider.Read<float>(weights[index], values);
            if (spec.Name.Contains("norm", StringComparison.Ordinal))
            {
                Assert.All(values, v => Assert.Equal(1f, v));
                continue;
            }

            double sigma = Expected(spec.Name, config);
            double squares = 0.0;
            foreach (float v in values)
            {
                squares += (double)v * v;
                Assert.True(Math.Abs(v) <= 3.0001 * sigma, $"{spec.Name}: {v}");
            }

            double deviation = Math.Sqrt(squares / values.Length);
            // A cut normal has 0.9866 sigma; the sample's own spread is about sigma / sqrt(2 n).
            Assert.InRange(deviation / sigma, 0.9866 - (4.0 / Math.Sqrt(2.0 * values.Length)), 0.9866 + (4.0 / Math.Sqrt(2.0 * values.Length)));
        }
    }

    [Fact]
    public void Fill_AnyRange_GivesTheSameElements()
    {
        ParameterSpec spec = new ParameterList(TinyModels.Config("olmo2")).Specs[0];
        float[] whole = new float[spec.Shape.Count];
        Initialisation.Fill(spec, 9, 0, whole);
        float[] part = new float[50];
        Initialisation.Fill(spec, 9, 123, part);
        Assert.Equal(whole.Skip(123).Take(50), part);
        Initialisation.Fill(spec with { Name = "other" }, 9, 123, part);
        Assert.NotEqual(whole.Skip(123).Take(50), part);
        Initialisation.Fill(spec, 10, 123, part);
        Assert.NotEqual(whole.Skip(123).Take(50), part);
    }

    [Theory]
    [InlineData("Heads", "KeyHeads is 3")]
    [InlineData("HeadWidth", "HeadWidth is 7")]
    [InlineData("Clip", "ClipQkv is 2")]
    [InlineData("Token", "EosTokenId is 29")]
    [InlineData("Windows", "Windows is 1")]
    public void Config_MembersThatDoNotFit_AreNamed(string what, string message)
    {
        OlmoConfig config = TinyModels.Config("olmo2");
        OlmoConfig wrong = what switch
        {
            "Heads" => config with { KeyHeads = 3 },
            "HeadWidth" => config with { HeadWidth = 7 },
            "Clip" => config with { ClipQkv = 2.0 },
            "Token" => config with { EosTokenId = 29 },
            _ => config with { Windows = [4] },
        };
        Assert.Contains(message, Assert.Throws<ModelConfigException>(() => new ParameterList(wrong)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LossAtInitialisation_OfDrawnWeights_IsNearTheLogarithmOfTheVocabulary()
    {
        OlmoConfig config = TinyModels.Config("olmo2") with { Width = 64, HeadWidth = 16, FeedForward = 128, Vocabulary = 1003, InitialDeviation = 0.02 };
        using ComputePool pool = new(1);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        using ResidentWeights weights = new(provider, new ParameterList(config));
        Initialisation.Draw(weights, 4);
        TinyBatch batch = TinyModels.Batch(config, 2, 30, documents: false);
        using OlmoModel model = new(provider, weights.Parameters, weights, 2, 30, GradientStorage.None);
        model.BeginGroup();
        model.Evaluate<float>(new MicroBatch(batch.Ids, 30, batch.Labels));
        double loss = model.ReadLoss().CrossEntropy / batch.Labels.Count(l => l != LossHeadPass.IgnoredLabel);
        // ln V + s^2 / 2 with s^2 = 0.9732 sigma^2 d.
        double expected = Olmo.Model.Numerics.Elementary.Log(1003.0) + (0.9732 * 0.02 * 0.02 * 64 / 2.0);
        Assert.InRange(loss, expected - 0.1, expected + 0.1);
    }

    private static double Expected(string name, OlmoConfig config)
    {
        if (config.Initialisation == InitialisationMethod.Normal)
        {
            return 0.02;
        }

        int block = name.Contains(".1.", StringComparison.Ordinal) ? 1 : 0;
        return name.Contains("o_proj", StringComparison.Ordinal) ? 1.0 / Math.Sqrt(2.0 * config.Width * (block + 1))
            : name.Contains("down_proj", StringComparison.Ordinal) ? 1.0 / Math.Sqrt(2.0 * config.FeedForward * (block + 1))
            : 1.0 / Math.Sqrt(config.Width);
    }
}

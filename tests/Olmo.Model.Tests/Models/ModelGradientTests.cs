using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Models;
using Olmo.Model.Numerics;
using Olmo.Model.Tensors;
using Olmo.Model.Tests.Tensors;

namespace Olmo.Model.Tests.Models;

/// <summary>Gradients of whole models: fp64 against finite differences, fp32 against fp64.</summary>
public sealed class ModelGradientTests
{
    private const double Divisor = 17.0;
    private const int Sequences = 2;
    private const int Length = 7;

    public static TheoryData<string> Names => TinyModels.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void Fp64Gradient_OfEveryParameter_EqualsFiniteDifferences(string name)
    {
        using Fp64Provider provider = new();
        OlmoConfig config = TinyModels.Config(name);
        using ResidentWeights weights = TinyModels.Weights(provider, config);
        TinyBatch batch = TinyModels.Batch(config, Sequences, Length, documents: true);
        using OlmoModel model = new(provider, weights.Parameters, weights, Sequences, Length, GradientStorage.OneLayer);
        CapturedGradients captured = new(provider, weights.Parameters, asDouble: true);
        model.BeginGroup();
        model.ForwardBackward(batch.All, Divisor, isFirst: true, captured);

        RandomStream random = new(5, "elements");
        for (int p = 0; p < weights.Parameters.Specs.Length; p++)
        {
            ParameterSpec spec = weights.Parameters.Specs[p];
            for (ulong draw = 0; draw < 6; draw++)
            {
                var element = (long)random.Below((ulong)spec.Shape.Count, ((ulong)p * 64) + draw);
                double expected = FiniteDifference(provider, model, batch, weights[p].View(element, new Shape(1)));
                double actual = captured.Sums[spec.Name][element];
                Assert.True(
                    Math.Abs(expected - actual) <= 2e-8 + (1e-6 * Math.Abs(expected)), $"{name} {spec.Name} [{element}]: {actual:R}, finite difference {expected:R}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void CpuGradient_OfEveryParameter_EqualsFp64(string name)
    {
        OlmoConfig config = TinyModels.Config(name);
        Dictionary<string, double[]> exact = Gradients(new Fp64Provider(), config, asDouble: true);
        using ComputePool pool = new(2);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        Dictionary<string, double[]> single = Gradients(provider, config, asDouble: false);
        foreach ((string parameter, double[] expected) in exact)
        {
            double scale = expected.Max(Math.Abs);
            for (int i = 0; i < expected.Length; i++)
            {
                Assert.True(
                    Math.Abs(expected[i] - single[parameter][i]) <= 2e-5 * scale, $"{name} {parameter} [{i}]: {single[parameter][i]:R}, fp64 {expected[i]:R}");
            }
        }
    }

    private static Dictionary<string, double[]> Gradients(ITensorProvider provider, OlmoConfig config, bool asDouble)
    {
        using ResidentWeights weights = TinyModels.Weights(provider, config);
        using OlmoModel model = new(provider, weights.Parameters, weights, Sequences, Length, GradientStorage.OneLayer);
        CapturedGradients captured = new(provider, weights.Parameters, asDouble);
        model.BeginGroup();
        model.ForwardBackward(TinyModels.Batch(config, Sequences, Length, documents: true).All, Divisor, isFirst: true, captured);
        return captured.Sums;
    }

    private static double FiniteDifference(Fp64Provider provider, OlmoModel model, TinyBatch batch, Tensor element)
    {
        const double Step = 1e-5;
        double[] value = new double[1];
        provider.Read<double>(element, value);
        double At(double x)
        {
            provider.Write<double>(element, [x]);
            model.BeginGroup();
            model.Evaluate<double>(batch.All);
            (double ce, double z) = model.ReadLoss();
            return (ce + z) / Divisor;
        }

        double difference = (At(value[0] + Step) - At(value[0] - Step)) / (2.0 * Step);
        provider.Write<double>(element, value);
        return difference;
    }
}

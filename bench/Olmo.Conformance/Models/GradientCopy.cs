using Olmo.Model.Models;
using Olmo.Model.Tensors;

namespace Olmo.Conformance.Models;

/// <summary>Keeps the gradients of a pass; both uses of a tied embedding are added.</summary>
internal sealed class GradientCopy(ITensorProvider provider, ParameterList parameters) : IGradientSink
{
    public Dictionary<string, double[]> Values { get; } = new(StringComparer.Ordinal);

    public void Add(int parameter, in Tensor gradient)
    {
        float[] values = new float[gradient.Count];
        provider.Read<float>(gradient.View(0, new Shape(gradient.Count)), values);
        string name = parameters.Specs[parameter].Name;
        if (!Values.TryGetValue(name, out double[]? sum))
        {
            Values.Add(name, values.Widened());
            return;
        }

        for (int i = 0; i < sum.Length; i++)
        {
            sum[i] += values[i];
        }
    }

    public void LayerReady(int layer)
    {
    }

    public static double Norm(double[] values)
    {
        double squares = 0.0;
        foreach (double v in values)
        {
            squares += v * v;
        }

        return Math.Sqrt(squares);
    }
}

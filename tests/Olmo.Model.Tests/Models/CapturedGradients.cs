using Olmo.Model.Models;
using Olmo.Model.Tensors;

namespace Olmo.Model.Tests.Models;

/// <summary>A sink that keeps gradients as doubles, the uses of a tied embedding added, and the order in which layers came.</summary>
internal sealed class CapturedGradients(ITensorProvider provider, ParameterList parameters, bool asDouble) : IGradientSink
{
    public Dictionary<string, double[]> Sums { get; } = new(StringComparer.Ordinal);

    public List<float[]> Floats { get; } = [];

    public List<int> Layers { get; } = [];

    public void Add(int parameter, in Tensor gradient)
    {
        double[] values = new double[gradient.Count];
        Tensor flat = gradient.View(0, new Shape(gradient.Count));
        if (asDouble)
        {
            provider.Read<double>(flat, values);
        }
        else
        {
            float[] floats = new float[gradient.Count];
            provider.Read<float>(flat, floats);
            Floats.Add(floats);
            values = Array.ConvertAll(floats, f => (double)f);
        }

        string name = parameters.Specs[parameter].Name;
        if (Sums.TryGetValue(name, out double[]? sum))
        {
            for (int i = 0; i < sum.Length; i++)
            {
                sum[i] += values[i];
            }
        }
        else
        {
            Sums.Add(name, values);
        }
    }

    public void LayerReady(int layer) => Layers.Add(layer);
}

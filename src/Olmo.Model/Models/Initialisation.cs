using Olmo.Model.Numerics;
using Olmo.Model.Tensors;

namespace Olmo.Model.Models;

/// <summary>
/// New weights: element i of a parameter is a pure function of (seed, the parameter's name, i), whoever draws it: a normal number cut at three deviations, or
/// 1 for a norm.
/// </summary>
public static class Initialisation
{
    private const int BlockElements = 16384;

    /// <summary>Draws every parameter into the weights.</summary>
    public static void Draw(ResidentWeights weights, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(weights);
        int threads = Math.Max(1, Environment.ProcessorCount);
        float[] staging = new float[BlockElements * threads];
        for (int p = 0; p < weights.Parameters.Specs.Length; p++)
        {
            ParameterSpec spec = weights.Parameters.Specs[p];
            for (long first = 0; first < spec.Shape.Count; first += staging.Length)
            {
                int count = (int)Math.Min(staging.Length, spec.Shape.Count - first);
                int blocks = (count + BlockElements - 1) / BlockElements;
                long start = first;
                Parallel.For(0, blocks, b =>
                {
                    int from = b * BlockElements;
                    Fill(spec, seed, start + from, staging.AsSpan(from, Math.Min(BlockElements, count - from)));
                });
                weights.Provider.Write<float>(weights[p].View(first, new Shape(count)), staging.AsSpan(0, count));
            }
        }
    }

    /// <summary>Draws elements [first, first + destination.Length) of a parameter.</summary>
    public static void Fill(ParameterSpec spec, ulong seed, long first, Span<float> destination)
    {
        ArgumentNullException.ThrowIfNull(spec);
        if (spec.InitialDeviation == 0.0)
        {
            destination.Fill(1f);
            return;
        }

        TruncatedNormal.Fill(new RandomStream(seed, spec.Name), spec.InitialDeviation, (ulong)first, destination);
    }
}

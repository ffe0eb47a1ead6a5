using Olmo.Conformance.Models;
using Olmo.Model.Models;
using Olmo.Model.Numerics;
using Olmo.Model.Tensors;

namespace Olmo.Gpu.Check;

/// <summary>What a model computes on a device: logits, losses and gradients of one batch.</summary>
/// <param name="Logits">[rows, V]</param>
/// <param name="Losses">Cross-entropy of each row, then the sums of cross-entropy and z-loss.</param>
/// <param name="Gradients">Of each parameter by its name; both uses of a tied one together.</param>
internal sealed record ModelPass(double[] Logits, double[] Losses, IReadOnlyDictionary<string, double[]> Gradients)
{
    private const ulong Seed = 6198;

    /// <summary>Runs the passes of a model.</summary>
    public static ModelPass Of(CheckModel model, ITensorProvider provider, Precision precision)
    {
        CheckBatch batch = new(model);
        ParameterList parameters = new(model.Config, _ => precision);
        using ResidentWeights weights = new(provider, parameters);
        Draw(weights);
        bool whole = model.MicroBatch < model.Sequences;
        using OlmoModel passes = new(
            provider, parameters, weights, model.MicroBatch, model.Length, whole ? GradientStorage.Whole : GradientStorage.OneLayer, model.Recomputation);
        float[] logits = new float[batch.Rows * model.Config.Vocabulary];
        float[] losses = new float[batch.Rows];
        GradientCopy gradients = new(provider, parameters);
        passes.BeginGroup();
        for (int first = 0; first < model.Sequences; first += model.MicroBatch)
        {
            int sequences = Math.Min(model.MicroBatch, model.Sequences - first);
            MicroBatch part = batch.Slice(first, sequences);
            int row = first * model.Length;
            passes.Logits(part, logits.AsSpan(row * model.Config.Vocabulary, part.Ids.Length * model.Config.Vocabulary));
            passes.Evaluate(part, losses.AsSpan(row, part.Ids.Length));
        }

        (double crossEntropy, double zLoss) = passes.ReadLoss();
        passes.BeginGroup();
        for (int first = 0; first < model.Sequences; first += model.MicroBatch)
        {
            int sequences = Math.Min(model.MicroBatch, model.Sequences - first);
            bool isLast = first + sequences == model.Sequences;
            passes.ForwardBackward(batch.Slice(first, sequences), batch.Labels, first == 0, isLast ? gradients : null);
        }

        (double trained, _) = passes.ReadLoss();
        return new ModelPass(logits.Widened(), [.. losses.Widened(), crossEntropy, zLoss, trained], gradients.Values);
    }

    // Weights of norms are drawn too: with ones a kernel that forgot them would be right.
    private static void Draw(ResidentWeights weights)
    {
        Initialisation.Draw(weights, Seed);
        for (int p = 0; p < weights.Parameters.Specs.Length; p++)
        {
            ParameterSpec spec = weights.Parameters.Specs[p];
            if (spec.Shape.Rank == 1)
            {
                RandomStream stream = new(Seed, spec.Name);
                float[] values = new float[spec.Shape.Count];
                for (int i = 0; i < values.Length; i++)
                {
                    values[i] = (float)(0.5 + stream.Uniform((ulong)i));
                }

                weights.Provider.Write<float>(weights[p], values);
            }
        }
    }
}

using Olmo.Data.Instances;
using Olmo.Model.Models;
using Olmo.Model.Tensors;

namespace Olmo.Actors.Ranks;

/// <summary>Mean loss of a model on held-out instances: every prediction inside an instance, none across.</summary>
public static class HeldOutEvaluation
{
    private const int SequencesPerPass = 4;

    /// <summary>Evaluates instances in order.</summary>
    /// <param name="provider">Device of the weights.</param>
    /// <param name="weights">The model.</param>
    /// <param name="heldOut">Instances.</param>
    /// <param name="maxTokens">Tokens at most; 0: all.</param>
    /// <param name="abort">Ends it.</param>
    /// <returns>Nats per prediction, and the predictions.</returns>
    public static (double Loss, long Predictions) Run(
        ITensorProvider provider, ResidentWeights weights, InstanceDataSet heldOut, long maxTokens, CancellationToken abort)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(heldOut);
        int length = heldOut.SequenceLength;
        long instances = Instances(heldOut, maxTokens);
        if (instances == 0)
        {
            return (double.NaN, 0);
        }

        using OlmoModel model = new(provider, weights.Parameters, weights, SequencesPerPass, length, GradientStorage.None);
        int[] ids = new int[SequencesPerPass * length];
        int[] labels = new int[SequencesPerPass * length];
        long predictions = 0;
        double sum = 0;
        for (long first = 0; first < instances; first += SequencesPerPass)
        {
            abort.ThrowIfCancellationRequested();
            int count = (int)Math.Min(SequencesPerPass, instances - first);
            for (int s = 0; s < count; s++)
            {
                Span<int> row = ids.AsSpan(s * length, length);
                heldOut.Read(first + s, row);
                predictions += InstanceLabels.Fill(row, default, false, labels.AsSpan(s * length, length));
            }

            model.BeginGroup();
            model.Evaluate<float>(new MicroBatch(ids.AsSpan(0, count * length), length, labels.AsSpan(0, count * length)));
            sum += model.ReadLoss().CrossEntropy;
        }

        return (sum / predictions, predictions);
    }

    /// <summary>Instances that <see cref="Run"/> evaluates.</summary>
    public static long Instances(InstanceDataSet heldOut, long maxTokens)
    {
        ArgumentNullException.ThrowIfNull(heldOut);
        return maxTokens == 0 ? heldOut.Count : Math.Min(heldOut.Count, Math.Max(1, maxTokens / heldOut.SequenceLength));
    }
}

#pragma warning disable RS0030 // printed figures, not trained on: a difference in the last digit between machines decides nothing

namespace Olmo.Data.Baselines;

/// <summary>Losses on held-out text that a model must beat, in nats per token over the same predictions that it makes.</summary>
/// <param name="UnigramNats">Cross-entropy of the unigram, (count + 1) / (tokens + V).</param>
/// <param name="BigramNats">Cross-entropy of w * bigram + (1 - w) * unigram at the weight w that is best on the held-out text itself, so that the bar is as high as it can be.</param>
/// <param name="BigramWeight">w.</param>
/// <param name="TrainTokens">Ids counted.</param>
/// <param name="Predictions">Held-out predictions.</param>
public sealed record NgramBaselines(double UnigramNats, double BigramNats, double BigramWeight, long TrainTokens, long Predictions)
{
    private const int Bisections = 60;

    /// <summary>Evaluates both baselines.</summary>
    /// <param name="trained">Counts of what was trained on.</param>
    /// <param name="heldOut">Counts of the held-out text, over the same vocabulary.</param>
    /// <exception cref="DataException">The held-out part has no prediction, or nothing was trained on.</exception>
    public static NgramBaselines Evaluate(NgramCounts trained, NgramCounts heldOut)
    {
        ArgumentNullException.ThrowIfNull(trained);
        ArgumentNullException.ThrowIfNull(heldOut);
        if (trained.VocabularySize != heldOut.VocabularySize)
        {
            throw new ArgumentException($"The vocabularies differ: {trained.VocabularySize} and {heldOut.VocabularySize}.", nameof(heldOut));
        }

        if (trained.Pairs == 0 || heldOut.Pairs == 0)
        {
            throw new DataException($"No baseline without data: {trained.Pairs} pairs trained on, {heldOut.Pairs} held out. The held-out text must fill at least one sequence.");
        }

        Prediction[] predictions = [.. heldOut.PairTable.All().Select(p =>
        {
            double unigram = trained.Unigram(p.Right);
            return new Prediction(p.Count, unigram, trained.Bigram(p.Left, p.Right) ?? unigram);
        })];
        double weight = BestWeight(predictions);
        return new NgramBaselines(Loss(predictions, 0) / heldOut.Pairs, Loss(predictions, weight) / heldOut.Pairs, weight, trained.Tokens, heldOut.Pairs);
    }

    // The loss is convex in the weight: its derivative, -sum of n (b - u) / (w b + (1 - w) u), has one sign change at most.
    private static double BestWeight(Prediction[] predictions)
    {
        double low = 0;
        double high = 1;
        for (int i = 0; i < Bisections; i++)
        {
            double middle = (low + high) / 2;
            double gain = 0;
            foreach (Prediction p in predictions)
            {
                gain += p.Count * (p.Bigram - p.Unigram) / p.Mixed(middle);
            }

            (low, high) = gain > 0 ? (middle, high) : (low, middle);
        }

        return (low + high) / 2;
    }

    private static double Loss(Prediction[] predictions, double weight)
    {
        double loss = 0;
        foreach (Prediction p in predictions)
        {
            loss -= p.Count * Math.Log(p.Mixed(weight));
        }

        return loss;
    }

    private readonly record struct Prediction(long Count, double Unigram, double Bigram)
    {
        public double Mixed(double weight) => (weight * Bigram) + ((1 - weight) * Unigram);
    }
}

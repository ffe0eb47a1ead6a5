using Olmo.Actors.Ranks;
using Olmo.Data.Baselines;
using Olmo.Data.Instances;
using Olmo.Host.Recipes;

namespace Olmo.Host.Runs;

/// <summary>What is printed at the end of a run: how well the model predicts text that it never saw, beside models that only count, a sample, and the digest of the weights.</summary>
internal static class RunSummary
{
    /// <summary>Prints it.</summary>
    public static void Write(Recipe recipe, RunFolder folder, RunEnd end, TrainingPlan plan, InstanceDataSet train, InstanceDataSet? heldOut, TextWriter output)
    {
        output.WriteLine($"run '{recipe.Run.Name}' is complete: {end.Step} steps");
        if (end.Finished is { } finished && heldOut is not null && finished.HeldOutTokens > 0)
        {
            NgramBaselines baselines = NgramBaselines.Evaluate(
                NgramCounts.OfSteps(new BatchReader(train, plan.Batches), plan.TotalSteps), Counts(heldOut, HeldOutEvaluation.Instances(heldOut, recipe.EvaluationMaxTokens)));
            output.WriteLine($"held-out documents, nats per token over {finished.HeldOutTokens:N0} predictions:");
            output.WriteLine($"  model    {finished.HeldOutLoss:0.000}");
            output.WriteLine($"  bigram   {baselines.BigramNats:0.000}   (counted on the {baselines.TrainTokens:N0} tokens trained on, mixed with the unigram at {baselines.BigramWeight:0.00})");
            output.WriteLine($"  unigram  {baselines.UnigramNats:0.000}");
            output.WriteLine($"  the model is {baselines.BigramNats - finished.HeldOutLoss:0.000} nats below the bigram");
        }

        if (recipe.Sample.Prompt.Length > 0)
        {
            output.WriteLine("sample:");
            output.WriteLine("  " + TextSample.Write(folder.Model, recipe.Sample).ReplaceLineEndings("\n  "));
        }

        output.WriteLine($"model folder: {folder.Model}   (olmo generate {folder.Model} --prompt \"...\")");
        output.WriteLine($"weights sha256 {end.Detail}");
    }

    private static NgramCounts Counts(InstanceDataSet heldOut, long instances)
    {
        NgramCounts counts = new(heldOut.Settings.VocabularySize);
        int[] ids = new int[heldOut.SequenceLength];
        for (long i = 0; i < instances; i++)
        {
            heldOut.Read(i, ids);
            counts.Add(ids);
        }

        return counts;
    }
}

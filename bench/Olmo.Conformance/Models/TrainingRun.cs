using System.Globalization;
using System.Text.Json;
using Olmo.Model.Formats;
using Olmo.Model.Models;
using Olmo.Model.Optimization;
using Olmo.Model.State;
using Olmo.Model.Steps;
using Olmo.Model.Tensors;

namespace Olmo.Conformance.Models;

/// <summary>A training of the reference data through the rank's own step.</summary>
internal sealed class TrainingRun(string golden, HuggingFaceFolder folder, ITensorProvider provider)
{
    private const int Shards = 8;
    private static readonly StepBounds Single = new(1e-5, 1e-5);

    // No bound of the reference data: they are what 20 steps with 8 bits a value may cost, and what the tests hold training to. What is rounded, and how often, is the matter of tests with fp64 and the same roundings.
    private static readonly StepBounds BFloat16 = new(2e-3, 1e-2);

    /// <summary>Trains and compares every step and the final weights.</summary>
    /// <param name="run">Name of its files.</param>
    /// <param name="groups">Groups of the global batch.</param>
    /// <param name="microBatch">Sequences of a pass.</param>
    /// <param name="steps">Losses, norms and learning rates.</param>
    /// <param name="weights">Final weights.</param>
    public void Run(string run, int groups, int microBatch, Measure steps, Measure weights) => Run(run, groups, microBatch, Precision.Single, Single, steps, weights);

    /// <summary>The same with <c>compute.dtype = bfloat16</c>, as far as the reference's fp64 says what comes out: losses, norms and learning rates, within the error of the type.</summary>
    /// <param name="run">Name of its files.</param>
    /// <param name="groups">Groups of the global batch.</param>
    /// <param name="microBatch">Sequences of a pass.</param>
    /// <param name="steps">Losses, norms and learning rates.</param>
    public void RunInBFloat16(string run, int groups, int microBatch, Measure steps) => Run(run, groups, microBatch, Precision.BFloat16, BFloat16, steps, null);

    private void Run(string run, int groups, int microBatch, Precision precision, StepBounds bounds, Measure steps, Measure? weights)
    {
        JsonElement facts = Golden.Json(Path.Combine(golden, run + ".json"));
        JsonElement schedule = facts.GetProperty("schedule");
        StepSettings settings = new()
        {
            Groups = groups,
            SequencesPerGroup = facts.GetProperty("batch").GetInt32() / groups,
            SequenceLength = facts.GetProperty("seq").GetInt32(),
            MicroBatchSequences = microBatch,
            Shards = Shards,
            Optimizer = new AdamWSettings(schedule.GetProperty("peak_lr").GetDouble()),
            Schedule = new CosineSchedule(
                schedule.GetProperty("warmup_steps").GetDouble(), schedule.GetProperty("end_step").GetDouble(), schedule.GetProperty("alpha_f").GetDouble()),
            Precision = precision,
        };
        using ResidentWeights trained = new(
            provider, new ParameterList(folder.Parameters.Config with { ZLossMultiplier = facts.GetProperty("lambda_z").GetDouble() }, _ => precision));
        folder.Fill(trained);
        using PretrainProgram program = new(provider, trained, settings);
        using TrainingState state = TrainingState.OverWorkingParameters(program.Parameters, new RunProgress());
        using RankStep rank = RankStep.Alone(settings, program, state);
        using SafetensorsReader batches = SafetensorsReader.Open(Path.Combine(golden, run + "_batches.safetensors"));
        int[] ids = batches.Integers("input_ids");
        int[] labels = batches.Integers("labels");
        foreach (JsonElement step in facts.GetProperty("f64").EnumerateArray())
        {
            int number = step.GetProperty("step").GetInt32();
            StepReport report = Step(rank, settings, number, ids, labels);
            string what = string.Create(CultureInfo.InvariantCulture, $"{run} in {groups} groups, {precision.Compute}, step {number}");
            steps.AddRelative($"{what}: learning rate", step.GetProperty("lr").GetDouble(), report.LearningRate, 1e-12);
            steps.AddRelative($"{what}: ce", step.GetProperty("ce").GetDouble(), report.CrossEntropy, bounds.Loss);
            steps.AddRelative($"{what}: z", step.GetProperty("z").GetDouble(), report.ZLoss, bounds.Loss);
            steps.AddRelative($"{what}: norm", step.GetProperty("grad_norm").GetDouble(), report.GradientNorm, bounds.Norm);
        }

        if (weights is not null)
        {
            CompareWeights(run, trained, weights);
        }
    }

    private static StepReport Step(RankStep rank, StepSettings settings, int step, int[] ids, int[] labels)
    {
        GroupBatch[] batch = new GroupBatch[settings.Groups];
        int tokens = settings.SequencesPerGroup * settings.SequenceLength;
        for (int g = 0; g < batch.Length; g++)
        {
            batch[g] = new GroupBatch(settings.SequencesPerGroup, settings.SequenceLength) { Group = g };
            int at = (((step - 1) * settings.Groups) + g) * tokens;
            ids.AsSpan(at, tokens).CopyTo(batch[g].Ids);
            labels.AsSpan(at, tokens).CopyTo(batch[g].Labels);
        }

        rank.Begin(new StepIdentity("conformance", 0, 1, step, 0), batch.Sum(g => g.CountLabels()));
        foreach (GroupBatch group in batch)
        {
            rank.RunGroup(group, CancellationToken.None);
        }

        return rank.Finish(rank.Decide(rank.Announce()));
    }

    // Bounds are absolute: rms 3e-6 and largest 1e-3; a weight near which the gradient is 0 moves by the sign of rounding. Shown relative to the tensor's largest weight.
    private void CompareWeights(string run, ResidentWeights trained, Measure measure)
    {
        using SafetensorsReader final = SafetensorsReader.Open(Path.Combine(golden, run + "_final.safetensors"));
        for (int p = 0; p < trained.Parameters.Specs.Length; p++)
        {
            string name = trained.Parameters.Specs[p].Name;
            double[] expected = final.Doubles(name);
            float[] actual = new float[trained[p].Count];
            provider.Read<float>(trained[p], actual);
            (double squares, double difference, double largest) = (0.0, 0.0, 0.0);
            for (int i = 0; i < actual.Length; i++)
            {
                double d = Math.Abs(actual[i] - expected[i]);
                squares += d * d;
                difference = d > difference || double.IsNaN(d) ? d : difference;
                largest = Math.Max(largest, Math.Abs(expected[i]));
            }

            double rms = Math.Sqrt(squares / actual.Length);
            measure.Add($"{run}: rms of the final {name}", rms, 3e-6, rms / largest);
            measure.Add($"{run}: final {name}", difference, 1e-3, rms / largest);
        }
    }

    private sealed record StepBounds(double Loss, double Norm);
}

using System.Text.Json;
using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Models;
using Olmo.Model.Optimization;
using Olmo.Model.State;
using Olmo.Model.Steps;
using Olmo.Model.Tensors;
using Olmo.Model.Tests.State;
using Olmo.Tests;

namespace Olmo.Model.Tests.Steps;

/// <summary>Whole training runs of tiny models through the rank's own step, against PyTorch in fp64.</summary>
public sealed class TrainingGoldenTests : IDisposable
{
    private readonly ComputePool _pool = new(2);

    public void Dispose() => _pool.Dispose();

    [ReferenceTheory]
    [InlineData("olmo1-tiny", "train", 2, 1)]
    [InlineData("olmo2-tiny", "train", 1, 4)]
    [InlineData("olmo2-tiny", "train", 4, 1)]
    [InlineData("olmo2-gqa", "train", 2, 2)]
    [InlineData("olmo2-tiny", "accum", 4, 2)]
    [InlineData("olmo2-tiny", "accum", 1, 3)]
    public void Step_GoldenRun_FollowsTheReference(string model, string run, int groups, int microBatch) =>
        Follow(model, run, groups, microBatch, Precision.Single, 1e-5, AssertWeights);

    [ReferenceTheory]
    [InlineData("olmo1-tiny")]
    [InlineData("olmo2-tiny")]
    [InlineData("olmo2-gqa")]
    public void Step_GoldenRunInBFloat16_FollowsTheReferenceWithinItsError(string model) =>
        Follow(model, "train", 2, 2, Precision.BFloat16, 0.01, static (_, _) => { });

    private void Follow(
        string model, string run, int groups, int microBatch, Precision precision, double tolerance, Action<TrainingState, GoldenTensors> assertWeights)
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(ReferenceData.PathOf("golden", "models", model, run + ".json")));
        JsonElement root = golden.RootElement;
        JsonElement schedule = root.GetProperty("schedule");
        StepSettings settings = new()
        {
            Groups = groups,
            SequencesPerGroup = root.GetProperty("batch").GetInt32() / groups,
            SequenceLength = root.GetProperty("seq").GetInt32(),
            MicroBatchSequences = microBatch,
            Shards = 8,
            Optimizer = new AdamWSettings(schedule.GetProperty("peak_lr").GetDouble()),
            Schedule = new CosineSchedule(
                schedule.GetProperty("warmup_steps").GetDouble(), schedule.GetProperty("end_step").GetDouble(), schedule.GetProperty("alpha_f").GetDouble()),
            Precision = precision,
        };
        using CpuProvider provider = new(_pool, SimdWidths.Best);
        using ResidentWeights weights = Load(provider, model, root.GetProperty("lambda_z").GetDouble(), precision);
        using PretrainProgram program = new(provider, weights, settings);
        using TrainingState state = TrainingState.OverWorkingParameters(program.Parameters, new RunProgress());
        using RankStep rank = RankStep.Alone(settings, program, state);
        GoldenTensors batches = new(ReferenceData.PathOf("golden", "models", model, run + "_batches.safetensors"));
        int[] ids = batches.Integers("input_ids");
        int[] labels = batches.Integers("labels");
        foreach (JsonElement step in root.GetProperty("f64").EnumerateArray())
        {
            int number = step.GetProperty("step").GetInt32();
            StepReport report = Run(rank, settings, number, ids, labels);
            AssertRelative(step.GetProperty("lr"), report.LearningRate, 1e-12, number);
            AssertRelative(step.GetProperty("ce"), report.CrossEntropy, tolerance, number);
            AssertRelative(step.GetProperty("z"), report.ZLoss, tolerance, number);
            AssertRelative(step.GetProperty("grad_norm"), report.GradientNorm, tolerance, number);
            Assert.Equal(StepOutcome.Apply, report.Outcome);
        }

        assertWeights(state, new GoldenTensors(ReferenceData.PathOf("golden", "models", model, run + "_final.safetensors")));
    }

    [ReferenceFact]
    public void Step_GoldenModelAfterTheFirstSteps_AllocatesNothing()
    {
        StepSettings settings = new()
        {
            Groups = 2,
            SequencesPerGroup = 2,
            SequenceLength = 24,
            MicroBatchSequences = 1,
            Shards = 8,
            Optimizer = new AdamWSettings(1e-3),
            Schedule = new ConstantSchedule(),
        };
        using CpuProvider provider = new(_pool, SimdWidths.Best);
        using ResidentWeights weights = Load(provider, "olmo2-tiny", 1e-5);
        using PretrainProgram program = new(provider, weights, settings);
        using TrainingState state = TrainingState.OverWorkingParameters(program.Parameters, new RunProgress());
        using RankStep rank = RankStep.Alone(settings, program, state);
        GroupBatch[] batch = [.. Enumerable.Range(0, 2).Select(g => new GroupBatch(2, 24) { Group = g })];
        Array.ForEach(batch, g => g.ShiftLabels());
        long labels = batch.Sum(g => g.CountLabels());
        long allocated = 0;
        for (int step = 1; step <= 6; step++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            rank.Begin(new StepIdentity("run", 0, 1, step, 0), labels);
            for (int g = 0; g < batch.Length; g++)
            {
                rank.RunGroup(batch[g], CancellationToken.None);
            }

            rank.Finish(rank.Decide(rank.Announce()));
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(0, allocated);
    }

    private static StepReport Run(RankStep rank, StepSettings settings, int step, int[] ids, int[] labels)
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

        rank.Begin(new StepIdentity("golden", 0, 1, step, 0), batch.Sum(g => g.CountLabels()));
        foreach (GroupBatch group in batch)
        {
            Assert.True(rank.RunGroup(group, CancellationToken.None));
        }

        return rank.Finish(rank.Decide(rank.Announce()));
    }

    private static void AssertRelative(JsonElement expected, double actual, double tolerance, int step) => Assert.True(
        Math.Abs(actual - expected.GetDouble()) <= tolerance * Math.Abs(expected.GetDouble()), $"step {step}: {actual:R} instead of {expected.GetDouble():R}");

    private static void AssertWeights(TrainingState state, GoldenTensors final)
    {
        foreach (ParameterSlot slot in state.Layout.Tensors)
        {
            float[] expected = final.Floats(slot.Name);
            double squares = 0.0;
            double largest = 0.0;
            for (int c = slot.FirstChunk; c < slot.FirstChunk + slot.Chunks; c++)
            {
                float[] values = state.Values(0, c);
                for (int i = 0; i < values.Length; i++)
                {
                    double difference = Math.Abs(values[i] - expected[state.Layout.ChunkAt(c).Offset + i]);
                    squares += difference * difference;
                    largest = Math.Max(largest, difference);
                }
            }

            double rms = Math.Sqrt(squares / expected.Length);
            Assert.True(rms <= 3e-6 && largest <= 1e-3, $"{slot.Name}: rms {rms}, largest {largest}");
        }
    }

    private static ResidentWeights Load(CpuProvider provider, string model, double zLoss, Precision? precision = null)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(ReferenceData.PathOf("golden", "models", model, "config.json")));
        JsonElement c = document.RootElement;
        bool first = c.GetProperty("model_type").GetString() == "olmo";
        int heads = c.GetProperty("num_attention_heads").GetInt32();
        JsonElement theta = c.TryGetProperty("rope_theta", out JsonElement flat) ? flat : c.GetProperty("rope_parameters").GetProperty("rope_theta");
        ResidentWeights weights = new(provider, new ParameterList(new OlmoConfig
        {
            Family = first ? ModelFamily.Olmo1 : ModelFamily.Olmo2,
            Width = c.GetProperty("hidden_size").GetInt32(),
            Layers = c.GetProperty("num_hidden_layers").GetInt32(),
            Heads = heads,
            KeyHeads = c.GetProperty("num_key_value_heads").GetInt32(),
            HeadWidth = c.GetProperty("hidden_size").GetInt32() / heads,
            FeedForward = c.GetProperty("intermediate_size").GetInt32(),
            Vocabulary = c.GetProperty("vocab_size").GetInt32(),
            ContextLength = c.GetProperty("max_position_embeddings").GetInt32(),
            RopeTheta = theta.GetDouble(),
            NormEpsilon = first ? 1e-5 : c.GetProperty("rms_norm_eps").GetDouble(),
            TiedEmbeddings = c.GetProperty("tie_word_embeddings").GetBoolean(),
            ZLossMultiplier = zLoss,
        }, _ => precision ?? Precision.Single));
        GoldenTensors tensors = new(ReferenceData.PathOf("golden", "models", model, "model.safetensors"));
        for (int p = 0; p < weights.Parameters.Specs.Length; p++)
        {
            provider.Write<float>(weights[p], tensors.Floats(weights.Parameters.Specs[p].Name));
        }

        return weights;
    }
}

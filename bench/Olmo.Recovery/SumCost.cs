using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Models;
using Olmo.Model.Numerics;
using Olmo.Model.Optimization;
using Olmo.Model.State;
using Olmo.Model.Steps;
using Olmo.Model.Tensors;

namespace Olmo.Recovery;

/// <summary>What sums in fixed point and announcements take, by themselves, on one thread, at a bench's model: they are part of every step whatever is switched off.</summary>
/// <param name="Fixed">Seconds to round and add one group's gradient to the sums.</param>
/// <param name="Plain">Seconds to add it in fp32 to fp32.</param>
/// <param name="Announce">Seconds to digest the sums of all shards and to take their norms, once a step.</param>
internal sealed record SumCost(double Fixed, double Plain, double Announce)
{
    private const int Rounds = 5;

    public static SumCost Measure(BenchModel model, TimeProvider time)
    {
        OlmoConfig config = new()
        {
            Family = ModelFamily.Olmo2,
            Width = model.Width,
            Layers = model.Layers,
            Heads = model.Heads,
            KeyHeads = model.Heads,
            HeadWidth = model.Width / model.Heads,
            FeedForward = model.FeedForward,
            Vocabulary = model.Vocabulary,
            ContextLength = model.SequenceLength,
            ZLossMultiplier = 1e-5,
        };
        StepSettings settings = new()
        {
            Groups = Rounds,
            SequencesPerGroup = 1,
            SequenceLength = model.SequenceLength,
            MicroBatchSequences = 1,
            Replicas = 1,
            Optimizer = new AdamWSettings(3e-4),
            Schedule = new ConstantSchedule(),
        };
        using ComputePool pool = new(1);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        using ResidentWeights weights = new(provider, new ParameterList(config));
        using PretrainProgram program = new(provider, weights, settings);
        Initialisation.Draw(weights, 1);
        ParameterLayout layout = program.Parameters.Layout;
        using TrainingState state = TrainingState.OverWorkingParameters(program.Parameters, new RunProgress(0));
        using GradientAccumulator sums = new(provider, ShardPlacement.All(layout), Rounds);
        using ShardOwner owner = new(state, sums, null, ParameterGroups.Build([.. layout.Tensors.Select(t => t.Name)], settings.Optimizer, settings.GroupOverrides));
        BufferPlan plan = new();
        long largest = layout.Tensors.Max(t => t.Elements);
        TensorSlot gradient = plan.Add("gradient", DType.F32, new Shape(largest));
        TensorSlot total = plan.Add("total", DType.F32, new Shape(largest));
        using BufferSet buffers = provider.Allocate(plan);
        float[] values = new float[largest];
        RandomStream random = new(3, "sums");
        for (long i = 0; i < largest; i++)
        {
            values[i] = (float)((random.Uniform((ulong)i) - 0.5) * 1e-3);
        }

        provider.Write<float>(buffers[gradient], values);
        List<double> rounded = [];
        List<double> plain = [];
        for (int group = 0; group < Rounds; group++)
        {
            long began = time.GetTimestamp();
            sums.BeginGroup(group);
            for (int t = 0; t < layout.Tensors.Length; t++)
            {
                sums.AddGradient(t, buffers[gradient].View(0, new Shape(layout.Tensors[t].Elements)));
            }

            for (int layer = 0; layer < layout.Layers; layer++)
            {
                sums.CompleteLayer(layer);
            }

            sums.EndGroup(default, true);
            rounded.Add(time.GetElapsedTime(began).TotalSeconds);
            began = time.GetTimestamp();
            foreach (ParameterSlot slot in layout.Tensors)
            {
                Tensor sum = buffers[total].View(0, new Shape(slot.Elements));
                provider.Add(sum, buffers[gradient].View(0, new Shape(slot.Elements)), sum);
            }

            plain.Add(time.GetElapsedTime(began).TotalSeconds);
        }

        List<double> announced = [];
        Announcement[] said = new Announcement[layout.Shards];
        for (int round = 0; round < Rounds; round++)
        {
            long began = time.GetTimestamp();
            owner.Announce(new StepIdentity("bench", 0, 1, 1, 0), 0, said, throwOnMismatch: false);
            announced.Add(time.GetElapsedTime(began).TotalSeconds);
        }

        return new SumCost(Spread.MedianOf(rounded), Spread.MedianOf(plain), Spread.MedianOf(announced));
    }
}

using Olmo.Model.Compute;
using Olmo.Model.Numerics;
using Olmo.Model.Optimization;
using Olmo.Model.State;
using Olmo.Model.Steps;

namespace Olmo.Model.Tests.Steps;

/// <summary>A small layout with short and long chunks, and a gradient per (group, tensor) that is a pure function of both.</summary>
internal sealed unsafe class SumExample : IDisposable
{
    public const int Groups = 7;
    public const int Shards = 5;

    public static StepIdentity Id { get; } = new("run-ä", 2, 5, 31, 1);

    public ParameterLayout Layout { get; } = new(
        [new("embed", [301, 72], 0), new("up", [40_001], 1), new("norm", [73], 1), new("down", [3, 16384], 2), new("head", [9], 3)], Shards);

    public ComputePool Pool { get; } = new(2);

    public SimdWidth Width => SimdWidths.Best;

    public GradientAccumulator Accumulator(params int[] shards) =>
        new(shards.Length == 0 ? ShardPlacement.All(Layout) : new ShardPlacement(Layout, shards), Groups, Pool, Width);

    /// <summary>Gradient of a tensor in a group; use 1 of tensor 0 is a second one, as of a tied embedding.</summary>
    public float[] Gradient(int group, int tensor, int use = 0)
    {
        float[] values = new float[Layout.Tensors[tensor].Elements];
        for (int i = 0; i < values.Length; i++)
        {
            (uint a, uint b, _, _) = Philox.Block((uint)i, (uint)group, (uint)tensor, (uint)use, 11, 12);
            values[i] = ((int)a / 2147483648f) * (b % 3 == 0 ? 1e-9f : 1f);
        }

        return values;
    }

    public static LossParts Loss(int group) => new((group + 1) * 1_000_003L, 17L * group, 40 + group, 185);

    /// <summary>Adds the group as a rank that computed it does.</summary>
    public void AddGroup(GradientAccumulator accumulator, int group)
    {
        accumulator.BeginGroup(group);
        for (int layer = Layout.Layers - 1; layer >= 0; layer--)
        {
            foreach (ParameterSlot slot in Layout.Tensors.Where(t => t.Tensor.Layer == layer))
            {
                AddTensor(accumulator, group, slot.Index, 0);
            }

            if (layer == 0)
            {
                AddTensor(accumulator, group, 0, 1);
            }

            accumulator.CompleteLayer(layer);
        }

        accumulator.EndGroup(Loss(group), true);
    }

    /// <summary>Fixed-point sum of some groups by plain arithmetic.</summary>
    public long[] Expected(int tensor, IEnumerable<int> groups)
    {
        long[] sum = new long[Layout.Tensors[tensor].Elements];
        foreach (int group in groups)
        {
            for (int use = 0; use < (tensor == 0 ? 2 : 1); use++)
            {
                float[] gradient = Gradient(group, tensor, use);
                for (int i = 0; i < sum.Length; i++)
                {
                    sum[i] += (long)Math.Round(gradient[i] * Math.ScaleB(1.0, 48), MidpointRounding.ToEven);
                }
            }
        }

        return sum;
    }

    public TrainingState State(AlignedBuffer parameters, params int[] shards)
    {
        WorkingParameters working = WorkingParameters.Packed(Layout, parameters);
        Span<float> values = parameters.Span<float>(0, (int)Layout.Elements);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = ((int)Philox.Block((uint)i, 0, 0, 0, 1, 2).W0 / 2147483648f) * 0.1f;
        }

        return shards.Length == 0
            ? TrainingState.OverWorkingParameters(working, new RunProgress(), Pool, Width)
            : TrainingState.CopyOf(new ShardPlacement(Layout, shards), working, new RunProgress(), Pool, Width);
    }

    public ParameterGroups ParameterGroups => ParameterGroups.Build(
        [.. Layout.Tensors.Select(t => t.Name)], new AdamWSettings(1e-2), [new(["embed"], WeightDecay: 0.0)]);

    public static byte[] Frame(GradientAccumulator from, int layer, int shard)
    {
        byte[] bytes = new byte[from.FrameBytes(layer, shard, Id)];
        Assert.Equal(bytes.Length, from.WriteFrame(layer, shard, Id, bytes));
        return bytes;
    }

    public static void Receive(GradientAccumulator to, byte[] bytes)
    {
        ulong[] words = new ulong[GroupSet.WordsFor(Groups)];
        to.Add(SumFrame.Read(bytes, words, Id.RunId));
    }

    public void Dispose() => Pool.Dispose();

    private void AddTensor(GradientAccumulator accumulator, int group, int tensor, int use)
    {
        fixed (float* gradient = Gradient(group, tensor, use))
        {
            accumulator.AddGradient(tensor, gradient);
        }
    }
}

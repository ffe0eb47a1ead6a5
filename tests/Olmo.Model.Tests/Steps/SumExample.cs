using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Numerics;
using Olmo.Model.Optimization;
using Olmo.Model.State;
using Olmo.Model.Steps;
using Olmo.Model.Tensors;
using Olmo.Model.Tests.State;

namespace Olmo.Model.Tests.Steps;

/// <summary>A small layout with short and long chunks, and a gradient per (group, tensor) that is a pure function of both.</summary>
internal sealed class SumExample : IDisposable
{
    private readonly ComputePool _pool = new(2);
    private readonly BufferSet _memory;
    private readonly Tensor _gradient;
    public const int Groups = 7;
    public const int Shards = 5;

    public static StepIdentity Id { get; } = new("run-ä", 2, 5, 31, 1);

    public ParameterLayout Layout { get; } = new(
        [new("embed", [301, 72], 0), new("up", [40_001], 1), new("norm", [73], 1), new("down", [3, 16384], 2), new("head", [9], 3)], Shards);

    public SumExample()
    {
        Provider = new CpuProvider(_pool, SimdWidths.Best);
        BufferPlan plan = new();
        TensorSlot gradient = plan.Add("gradient", DType.F32, new Shape(Layout.Tensors.Max(t => t.Elements)));
        _memory = Provider.Allocate(plan);
        _gradient = _memory[gradient];
    }

    public ITensorProvider Provider { get; }

    public GradientAccumulator Accumulator(params int[] shards) =>
        new(Provider, shards.Length == 0 ? ShardPlacement.All(Layout) : new ShardPlacement(Layout, shards), Groups);

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

    public TrainingState State(PackedParameters parameters, params int[] shards)
    {
        parameters.Fill(i => ((int)Philox.Block((uint)i, 0, 0, 0, 1, 2).W0 / 2147483648f) * 0.1f);
        return shards.Length == 0
            ? TrainingState.OverWorkingParameters(parameters.Working, new RunProgress())
            : TrainingState.CopyOf(new ShardPlacement(Layout, shards), parameters.Working, new RunProgress());
    }

    public ParameterGroups ParameterGroups => ParameterGroups.Build(
        [.. Layout.Tensors.Select(t => t.Name)], new AdamWSettings(1e-2), [new(["embed"], WeightDecay: 0.0)]);

    public static byte[] Frame(GradientAccumulator from, int layer, int shard)
    {
        byte[] bytes = new byte[from.MostFrameBytes(layer, shard, Id)];
        return bytes[..from.WriteFrame(layer, shard, Id, bytes)];
    }

    public static void Receive(GradientAccumulator to, byte[] bytes)
    {
        ulong[] words = new ulong[GroupSet.WordsFor(Groups)];
        to.Add(SumFrame.Read(bytes, words, Id.RunId));
    }

    /// <summary>A gradient as a tensor, until the next.</summary>
    public Tensor Offer(float[] gradient)
    {
        Tensor tensor = _gradient.View(0, new Shape(gradient.Length));
        Provider.Write<float>(tensor, gradient);
        return tensor;
    }

    /// <summary>Fixed-point sum of a chunk.</summary>
    public long[] Sum(GradientAccumulator accumulator, int chunk)
    {
        long[] sum = new long[Layout.ChunkAt(chunk).Length];
        Provider.Read(SumTensor(accumulator, chunk), sum.AsSpan());
        return sum;
    }

    public Tensor SumTensor(GradientAccumulator accumulator, int chunk) =>
        accumulator.Sums.View(accumulator.Placement.OffsetOf(chunk), new Shape(Layout.ChunkAt(chunk).Length));

    public void Dispose()
    {
        _memory.Dispose();
        Provider.Dispose();
        _pool.Dispose();
    }

    private void AddTensor(GradientAccumulator accumulator, int group, int tensor, int use) =>
        accumulator.AddGradient(tensor, Offer(Gradient(group, tensor, use)));
}

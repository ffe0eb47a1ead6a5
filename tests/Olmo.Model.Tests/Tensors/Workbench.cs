using Olmo.Model.Numerics;
using Olmo.Model.Tensors;

namespace Olmo.Model.Tests.Tensors;

/// <summary>
/// Named tensors of one operation on one provider. Inputs are random by name and are fp32 numbers, so that every provider gets the same; a test may give others.
/// </summary>
internal sealed class Workbench(ITensorProvider provider, bool isLarge) : IDisposable
{
    private readonly Dictionary<string, Tensor> _tensors = new(StringComparer.Ordinal);
    private readonly List<BufferSet> _memory = [];

    public ITensorProvider Provider => provider;

    /// <summary>Values to use for an input in place of the random ones.</summary>
    public Dictionary<string, double[]> Given { get; } = new(StringComparer.Ordinal);

    /// <summary>Names of outputs in the order in which they were made.</summary>
    public List<string> Outputs { get; } = [];

    /// <summary>A size: small where every element is differentiated, large where blocks, tiles and threads must be crossed.</summary>
    public int Size(int small, int large) => isLarge ? large : small;

    public Tensor Input(string name, params ReadOnlySpan<long> lengths) => Input(name, -1.0, 1.0, lengths);

    public Tensor Input(string name, double low, double high, params ReadOnlySpan<long> lengths)
    {
        Tensor tensor = Allocate(name, DType.F32, Shape.Of(lengths));
        Write(tensor, Given.TryGetValue(name, out double[]? given) ? given : Random(name, tensor.Count, low, high));
        return tensor;
    }

    public Tensor Integers(string name, params ReadOnlySpan<int> values)
    {
        Tensor tensor = Allocate(name, DType.I32, new Shape(values.Length));
        provider.Write(tensor, values);
        return tensor;
    }

    /// <summary>Memory that operations keep something in, in their own order.</summary>
    public Tensor Zeroed(string name, params ReadOnlySpan<long> lengths) => Allocate(name, DType.F32, Shape.Of(lengths));

    public Tensor Output(string name, params ReadOnlySpan<long> lengths) => Output(name, DType.F32, lengths);

    public Tensor Output(string name, DType dtype, params ReadOnlySpan<long> lengths)
    {
        Outputs.Add(name);
        return Allocate(name, dtype, Shape.Of(lengths));
    }

    /// <summary>An output that starts as a copy of a tensor.</summary>
    public Tensor CopyOf(string name, in Tensor source)
    {
        Tensor copy = Output(name, source.Shape.ToArray());
        provider.Copy(source, copy);
        return copy;
    }

    public double[] Read(string name)
    {
        Tensor tensor = _tensors[name];
        double[] values = new double[tensor.Count];
        if (provider is Fp64Provider || tensor.DType == DType.F64)
        {
            provider.Read<double>(tensor, values);
            return values;
        }

        float[] singles = new float[tensor.Count];
        provider.Read<float>(tensor, singles);
        return Array.ConvertAll(singles, v => (double)v);
    }

    /// <summary>Σ a ⊙ b: the objective whose gradient by <paramref name="a"/> is <paramref name="b"/>.</summary>
    public double Dot(string a, string b)
    {
        double sum = 0.0;
        foreach ((double x, double y) in Read(a).Zip(Read(b)))
        {
            sum += x * y;
        }

        return sum;
    }

    public void Dispose() => _memory.ForEach(m => m.Dispose());

    private static double[] Random(string name, long count, double low, double high)
    {
        RandomStream stream = new(11, name);
        double[] values = new double[count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)(low + ((high - low) * stream.Uniform((ulong)i)));
        }

        return values;
    }

    private void Write(in Tensor tensor, double[] values)
    {
        if (provider is Fp64Provider)
        {
            provider.Write<double>(tensor, values);
        }
        else
        {
            provider.Write<float>(tensor, Array.ConvertAll(values, v => (float)v));
        }
    }

    private Tensor Allocate(string name, DType dtype, Shape shape)
    {
        BufferPlan plan = new();
        TensorSlot slot = plan.Add(name, dtype, shape);
        BufferSet memory = provider.Allocate(plan);
        _memory.Add(memory);
        _tensors.Add(name, memory[slot]);
        return memory[slot];
    }
}

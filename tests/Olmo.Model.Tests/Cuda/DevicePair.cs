using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Cuda;
using Olmo.Model.Numerics;
using Olmo.Model.Tensors;

namespace Olmo.Model.Tests.Cuda;

/// <summary>A GPU and the CPU, and tensors that both have. What is BF16 on the GPU is F32 on the CPU with the same values.</summary>
internal sealed class DevicePair : IDisposable
{
    private readonly ComputePool _pool = new(2);
    private readonly List<BufferSet> _memory = [];

    public DevicePair()
    {
        Cpu = new CpuProvider(_pool, SimdWidths.Best);
        Cuda = new CudaProvider();
    }

    public CpuProvider Cpu { get; }

    public CudaProvider Cuda { get; }

    /// <summary>Random values from -scale to scale, by name.</summary>
    /// <param name="name">Of the tensor.</param>
    /// <param name="type">F32 or BF16.</param>
    /// <param name="shape">Lengths.</param>
    /// <param name="scale">Largest value.</param>
    /// <param name="offset">Elements before it in its buffer.</param>
    public Twin Random(string name, DType type, Shape shape, double scale = 1.0, int offset = 0)
    {
        RandomStream stream = new(7, name);
        float[] values = new float[shape.Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)(scale * ((2.0 * stream.Uniform((ulong)i)) - 1.0));
            values[i] = type == DType.BF16 ? BFloat16.Widen(BFloat16.Round(values[i])) : values[i];
        }

        return Of(name, type, shape, values, offset);
    }

    /// <summary>A tensor of given values, which BF16 must be able to hold where it is the type.</summary>
    public Twin Of(string name, DType type, Shape shape, float[] values, int offset = 0)
    {
        Twin twin = new(Allocate(Cpu, name, DType.F32, shape, offset), Allocate(Cuda, name, type, shape, offset));
        Cpu.Write<float>(twin.Cpu, values);
        if (type == DType.BF16)
        {
            Cuda.Write<ushort>(twin.Cuda, Array.ConvertAll(values, BFloat16.Round));
        }
        else
        {
            Cuda.Write<float>(twin.Cuda, values);
        }

        return twin;
    }

    /// <summary>Largest difference, relative to the largest value of the CPU.</summary>
    public double Distance(Twin twin)
    {
        float[] expected = ReadCpu(twin);
        float[] actual = ReadCuda(twin);
        double largest = expected.Select(v => Math.Abs((double)v)).Append(1e-30).Max();
        return expected.Zip(actual, (e, a) => float.IsNaN(a) ? double.PositiveInfinity : Math.Abs((double)e - a)).Append(0.0).Max() / largest;
    }

    public void AssertClose(Twin twin)
    {
        double distance = Distance(twin);
        double bar = twin.Cuda.DType == DType.BF16 ? 1e-2 : 1e-5;
        Assert.True(distance <= bar, $"'{twin.Cuda.Buffer.Name}' {twin.Cuda.DType} {twin.Cuda.Shape}: {distance:0.0e0} > {bar:0.0e0}");
    }

    public float[] ReadCpu(Twin twin)
    {
        float[] values = new float[twin.Cpu.Count];
        Cpu.Read<float>(twin.Cpu, values);
        return values;
    }

    public float[] ReadCuda(Twin twin)
    {
        float[] values = new float[twin.Cuda.Count];
        if (twin.Cuda.DType == DType.BF16)
        {
            ushort[] patterns = new ushort[values.Length];
            Cuda.Read<ushort>(twin.Cuda, patterns);
            return Array.ConvertAll(patterns, BFloat16.Widen);
        }

        Cuda.Read<float>(twin.Cuda, values);
        return values;
    }

    public void Dispose()
    {
        _memory.ForEach(m => m.Dispose());
        Cuda.Dispose();
        Cpu.Dispose();
        _pool.Dispose();
    }

    /// <summary>Memory of one tensor on one of the devices, freed with the pair.</summary>
    public Tensor Allocate(ITensorProvider provider, string name, DType type, Shape shape, int offset = 0, bool isPacked = false)
    {
        BufferPlan plan = new();
        TensorSlot slot = isPacked ? plan.AddPacked(name, type, shape) : plan.Add(name, type, new Shape(offset + shape.Count));
        BufferSet memory = provider.Allocate(plan);
        _memory.Add(memory);
        return isPacked ? memory[slot] : memory[slot].View(offset, shape);
    }
}

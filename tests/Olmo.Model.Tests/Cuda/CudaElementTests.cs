using Olmo.Model.Numerics;
using Olmo.Model.Tensors;

namespace Olmo.Model.Tests.Cuda;

/// <summary>Operations element by element on a GPU against the CPU: whole vectors, rests, and addresses that no vector fits.</summary>
public sealed class CudaElementTests
{
    public static TheoryData<DType, int, int> Cases
    {
        get
        {
            TheoryData<DType, int, int> cases = [];
            foreach (DType type in (DType[])[DType.F32, DType.BF16])
            {
                cases.Add(type, 1, 0);
                cases.Add(type, 2048, 0);
                cases.Add(type, 6151, 0);
                cases.Add(type, 6151, 3);
                cases.Add(type, 4096, 8);
            }

            return cases;
        }
    }

    [CudaTheory]
    [MemberData(nameof(Cases))]
    public void Clamp_AndItsGradient_AreThoseOfTheCpu(DType type, int count, int offset)
    {
        using DevicePair pair = new();
        Twin x = pair.Random("x", type, new Shape(count), 4.0, offset);
        Twin dy = pair.Random("dy", type, new Shape(count), 1.0, offset);
        Twin y = pair.Random("y", type, new Shape(count), 1.0, offset);
        Twin dx = pair.Random("dx", type, new Shape(count), 1.0, offset);
        pair.Cpu.Clamp(x.Cpu, y.Cpu, 1.3);
        pair.Cuda.Clamp(x.Cuda, y.Cuda, 1.3);
        pair.Cpu.ClampGradient(dy.Cpu, x.Cpu, dx.Cpu, 1.3);
        pair.Cuda.ClampGradient(dy.Cuda, x.Cuda, dx.Cuda, 1.3);
        pair.AssertClose(y);
        Assert.Equal(0.0, pair.Distance(dx));
        pair.Cuda.ClampGradient(dy.Cuda, x.Cuda, dy.Cuda, 1.3);
        Assert.Equal(pair.ReadCuda(dx), pair.ReadCuda(dy));
    }

    [CudaTheory]
    [MemberData(nameof(Cases))]
    public void SwiGlu_AndItsGradient_AreThoseOfTheCpu(DType type, int count, int offset)
    {
        using DevicePair pair = new();
        Twin gate = pair.Random("gate", type, new Shape(count), 6.0, offset);
        Twin up = pair.Random("up", type, new Shape(count), 2.0, offset);
        Twin dy = pair.Random("dy", type, new Shape(count), 1.0, offset);
        Twin y = pair.Random("y", type, new Shape(count), 1.0, offset);
        pair.Cpu.SwiGlu(gate.Cpu, up.Cpu, y.Cpu);
        pair.Cuda.SwiGlu(gate.Cuda, up.Cuda, y.Cuda);
        pair.AssertClose(y);
        pair.Cpu.SwiGluGradient(dy.Cpu, gate.Cpu, up.Cpu, gate.Cpu, up.Cpu);
        pair.Cuda.SwiGluGradient(dy.Cuda, gate.Cuda, up.Cuda, gate.Cuda, up.Cuda);
        pair.AssertClose(gate);
        pair.AssertClose(up);
    }

    [CudaFact]
    public void SwiGlu_OfExtremes_IsFinite()
    {
        using DevicePair pair = new();
        Twin gate = pair.Of("gate", DType.F32, new Shape(6), [-1e30f, -200f, -0f, 0f, 200f, 1e30f]);
        Twin up = pair.Of("up", DType.F32, new Shape(6), [1f, 1f, 1f, 1f, 1f, 1f]);
        pair.Cuda.SwiGlu(gate.Cuda, up.Cuda, up.Cuda);
        Assert.Equal([0f, 0f, 0f, 0f, 200f, 1e30f], pair.ReadCuda(up));
    }

    [CudaTheory]
    [InlineData(5)]
    [InlineData(4099)]
    public void Add_OfEveryMixOfTypes_IsRoundedOnce(int count)
    {
        using DevicePair pair = new();
        DType[] types = [DType.F32, DType.BF16];
        foreach ((DType a, DType b, DType y) in types.SelectMany(a => types.SelectMany(b => types.Select(y => (a, b, y)))))
        {
            Twin left = pair.Random($"a {a}", a, new Shape(count));
            Twin right = pair.Random($"b {b}", b, new Shape(count));
            Twin sum = pair.Random($"y {y}", y, new Shape(count));
            pair.Cpu.Add(left.Cpu, right.Cpu, sum.Cpu);
            pair.Cuda.Add(left.Cuda, right.Cuda, sum.Cuda);
            float[] expected = pair.ReadCpu(sum);
            Assert.Equal(y == DType.BF16 ? Array.ConvertAll(expected, v => BFloat16.Widen(BFloat16.Round(v))) : expected, pair.ReadCuda(sum));
        }
    }

    [CudaTheory]
    [InlineData(1, 0)]
    [InlineData(5003, 0)]
    [InlineData(5003, 1)]
    public void Rounding_AndWidening_HaveTheBitsOfTheCpu(int count, int offset)
    {
        using DevicePair pair = new();
        Twin x = pair.Random("x", DType.F32, new Shape(count), 3.0, offset);
        Twin y = pair.Random("y", DType.F32, new Shape(count), 1.0, offset);
        Twin wide = pair.Random("wide", DType.F32, new Shape(count), 1.0, offset);
        Tensor stored = pair.Allocate(pair.Cuda, "stored", DType.BF16, new Shape(count), offset);
        pair.Cpu.RoundToBFloat16(x.Cpu, y.Cpu, default);
        pair.Cuda.RoundToBFloat16(x.Cuda, y.Cuda, stored);
        pair.Cuda.Widen(stored, wide.Cuda);
        Assert.Equal(pair.ReadCpu(y), pair.ReadCuda(y));
        Assert.Equal(pair.ReadCpu(y), pair.ReadCuda(wide));
        pair.Cuda.RoundToBFloat16(x.Cuda, x.Cuda, default);
        Assert.Equal(pair.ReadCpu(y), pair.ReadCuda(x));
    }

    [CudaFact]
    public void Rounding_OfNoNumber_IsNoNumber()
    {
        using DevicePair pair = new();
        Twin x = pair.Of("x", DType.F32, new Shape(3), [float.NaN, float.PositiveInfinity, float.MaxValue]);
        pair.Cuda.RoundToBFloat16(x.Cuda, x.Cuda, default);
        Assert.Equal([float.NaN, float.PositiveInfinity, float.PositiveInfinity], pair.ReadCuda(x));
        pair.Cuda.Clamp(x.Cuda, x.Cuda, 2.0);
        Assert.Equal([float.NaN, 2f, 2f], pair.ReadCuda(x));
    }

    [CudaTheory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5000)]
    public void AddInOrder_HasTheBitsOfTheCpu(int count)
    {
        using DevicePair pair = new();
        Twin x = pair.Random("x", DType.F32, new Shape(count));
        double[] totals = new double[2];
        ITensorProvider[] providers = [pair.Cpu, pair.Cuda];
        for (int i = 0; i < providers.Length; i++)
        {
            Tensor total = pair.Allocate(providers[i], "total", DType.F64, new Shape(1));
            providers[i].Write<double>(total, [0.1]);
            providers[i].AddInOrder(i == 0 ? x.Cpu : x.Cuda, total);
            providers[i].Read(total, totals.AsSpan(i, 1));
        }

        Assert.Equal(totals[0], totals[1]);
    }
}

using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Tensors;

namespace Olmo.Model.Tests.Tensors;

public sealed class TensorTests
{
    [Fact]
    public void Plan_OfSeveralTypes_GivesZeroedTensorsThatKeepWhatIsWritten()
    {
        using ComputePool pool = new(1);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        BufferPlan plan = new();
        TensorSlot floats = plan.Add("floats", DType.F32, new Shape(3, 5));
        TensorSlot ids = plan.Add("ids", DType.I32, new Shape(7));
        TensorSlot sum = plan.Add("sum", DType.F64, new Shape(1));
        using BufferSet set = provider.Allocate(plan);
        float[] read = new float[15];
        provider.Read<float>(set[floats], read);
        Assert.All(read, v => Assert.Equal(0f, v));
        provider.Write<float>(set[floats].RowRange(1, 1), [1, 2, 3, 4, 5]);
        provider.Write<int>(set[ids], [7, 6, 5, 4, 3, 2, 1]);
        provider.AddInOrder(set[floats], set[sum]);
        provider.Read<float>(set[floats], read);
        Assert.Equal([0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 0, 0, 0, 0, 0], read);
        double[] total = new double[1];
        provider.Read<double>(set[sum], total);
        Assert.Equal(15.0, total[0]);
        Assert.Equal(64 + 64 + 64, plan.SizeBytes);
    }

    [Fact]
    public void Tensor_ViewOutside_IsRefusedWithBothSizes()
    {
        using ComputePool pool = new(1);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        BufferPlan plan = new();
        TensorSlot slot = plan.Add("x", DType.F32, new Shape(2, 3));
        using BufferSet set = provider.Allocate(plan);
        Assert.Throws<ArgumentOutOfRangeException>(() => set[slot].View(1, new Shape(6)));
        Assert.Throws<ArgumentOutOfRangeException>(() => set[slot].RowRange(1, 2));
        Assert.Contains("2, 3", Assert.Throws<ArgumentException>(() => provider.Write<float>(set[slot], [1f])).Message, StringComparison.Ordinal);
        Assert.Contains("Double", Assert.Throws<ArgumentException>(() => provider.Write<double>(set[slot], [1, 2, 3, 4, 5, 6])).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => default(Tensor).DType);
    }

    [Fact]
    public void Operation_AfterItsMemoryIsFreed_Throws()
    {
        using ComputePool pool = new(1);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        BufferPlan plan = new();
        TensorSlot slot = plan.Add("x", DType.F32, new Shape(4));
        BufferSet set = provider.Allocate(plan);
        Tensor x = set[slot];
        set.Dispose();
        Assert.Throws<ObjectDisposedException>(() => provider.Zero(x));
    }

    [Fact]
    public void Operations_ShapesThatDoNotFit_NameBoth()
    {
        using ComputePool pool = new(1);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        BufferPlan plan = new();
        TensorSlot a = plan.Add("a", DType.F32, new Shape(2, 3));
        TensorSlot b = plan.Add("b", DType.F32, new Shape(4, 5));
        using BufferSet set = provider.Allocate(plan);
        Tensor x = set[a];
        Tensor y = set[b];
        Action[] calls =
        [
            () => provider.Add(x, x, y), () => provider.Linear(x, y, y), () => provider.LinearInputGradient(x, y, x), () => provider.LinearWeightGradient(x, y, y, false),
            () => provider.Copy(x, y), () => provider.SwiGlu(x, x, y), () => provider.Clamp(x, y, 1.0), () => provider.LayerNorm(x, y, default, default, 1e-5),
            () => provider.RmsNorm(x, y, x, default, 1e-5), () => provider.Attention(new AttentionGeometry(1, 2, 2, 0, 1, 1, 3, 0), x, y, y, default, x, default),
        ];
        foreach (Action call in calls)
        {
            Assert.Contains("'b' F32 [4, 5]", Assert.Throws<ArgumentException>(call).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Shape_LargeAxes_CountIn64Bits()
    {
        Shape shape = new(100_352, 65_536, 3);
        Assert.Equal(100_352L * 65_536 * 3, shape.Count);
        Assert.Equal(100_352L * 65_536, shape.Rows);
        Assert.Equal("[100352, 65536, 3]", shape.ToString());
        Assert.Throws<OverflowException>(() => new Shape(long.MaxValue, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Shape(-1));
    }
}

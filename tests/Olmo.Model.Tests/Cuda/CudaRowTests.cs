using Olmo.Model.Tensors;

namespace Olmo.Model.Tests.Cuda;

/// <summary>Norms and RoPE of rows on a GPU against the CPU, in the mixes of types that a model's passes have.</summary>
public sealed class CudaRowTests
{
    private const int Rows = 37;
    private const int Heads = 3;
    private const double Epsilon = 1e-5;

    [CudaTheory]
    [InlineData(DType.F32, DType.F32, 344)]
    [InlineData(DType.F32, DType.BF16, 344)]
    [InlineData(DType.BF16, DType.BF16, 344)]
    [InlineData(DType.F32, DType.F32, 4103)]
    [InlineData(DType.F32, DType.BF16, 4103)]
    public void RmsNormGradient_FromAndToTypes_IsThatOfTheCpu(DType upstream, DType result, int columns)
    {
        using DevicePair pair = new();
        Twin x = pair.Random("x", DType.BF16, new Shape(Rows, columns));
        Twin weight = pair.Random("weight", DType.F32, new Shape(columns));
        Twin rstd = pair.Random("rstd", DType.F32, new Shape(Rows));
        Twin dy = pair.Random("dy", upstream, new Shape(Rows, columns));
        Twin dx = pair.Random("dx", result, new Shape(Rows, columns));
        Twin dw = pair.Random("dw", DType.F32, new Shape(columns));
        pair.Cpu.RmsNormGradient(dy.Cpu, x.Cpu, weight.Cpu, rstd.Cpu, dx.Cpu, dw.Cpu, accumulate: true);
        pair.Cuda.RmsNormGradient(dy.Cuda, x.Cuda, weight.Cuda, rstd.Cuda, dx.Cuda, dw.Cuda, accumulate: true);
        pair.AssertClose(dx);
        pair.AssertClose(dw);
    }

    [CudaTheory]
    [InlineData(DType.F32)]
    [InlineData(DType.BF16)]
    public void LayerNormGradient_OfEitherType_IsThatOfTheCpu(DType type)
    {
        using DevicePair pair = new();
        Twin x = pair.Random("x", DType.BF16, new Shape(Rows, 203));
        Twin mean = pair.Random("mean", DType.F32, new Shape(Rows), 0.1);
        Twin rstd = pair.Random("rstd", DType.F32, new Shape(Rows));
        Twin dy = pair.Random("dy", type, new Shape(Rows, 203));
        Twin dx = pair.Random("dx", type, new Shape(Rows, 203));
        pair.Cpu.LayerNormGradient(dy.Cpu, x.Cpu, mean.Cpu, rstd.Cpu, dx.Cpu);
        pair.Cuda.LayerNormGradient(dy.Cuda, x.Cuda, mean.Cuda, rstd.Cuda, dx.Cuda);
        pair.AssertClose(dx);
    }

    [CudaTheory]
    [InlineData(DType.F32, DType.BF16, 8, double.PositiveInfinity)]
    [InlineData(DType.F32, DType.BF16, 5, double.PositiveInfinity)]
    [InlineData(DType.BF16, DType.BF16, 16, 0.5)]
    [InlineData(DType.BF16, DType.BF16, 5, 0.5)]
    public void Rope_FromATypeToAnother_IsThatOfTheCpu(DType from, DType to, int half, double limit)
    {
        using DevicePair pair = new();
        (RopeAngles onCpu, RopeAngles onCuda) = Angles(pair, half);
        Twin x = pair.Random("x", from, new Shape(Rows, Heads * 2 * half));
        Twin y = pair.Random("y", to, new Shape(Rows, Heads * 2 * half));
        pair.Cpu.Rope(x.Cpu, onCpu, y.Cpu, limit);
        pair.Cuda.Rope(x.Cuda, onCuda, y.Cuda, limit);
        pair.AssertClose(y);
    }

    [CudaTheory]
    [InlineData(16)]
    [InlineData(64)]
    [InlineData(1024)]
    [InlineData(5)]
    public void RmsNormRope_AndItsGradientInBFloat16_AreThoseOfTheCpu(int half)
    {
        using DevicePair pair = new();
        Shape rows = new(Rows, Heads * 2 * half);
        (RopeAngles onCpu, RopeAngles onCuda) = Angles(pair, half);
        Twin x = pair.Random("x", DType.BF16, rows);
        Twin weight = pair.Random("weight", DType.F32, new Shape(rows.Columns));
        Twin rstd = pair.Random("rstd", DType.F32, new Shape(Rows));
        Twin y = pair.Random("y", DType.BF16, rows);
        Twin dy = pair.Random("dy", DType.BF16, rows);
        Twin dx = pair.Random("dx", DType.BF16, rows);
        Twin dw = pair.Random("dw", DType.F32, new Shape(rows.Columns));
        pair.Cpu.RmsNormRope(x.Cpu, weight.Cpu, rstd.Cpu, Epsilon, onCpu, y.Cpu);
        pair.Cuda.RmsNormRope(x.Cuda, weight.Cuda, rstd.Cuda, Epsilon, onCuda, y.Cuda);
        pair.AssertClose(rstd);
        pair.AssertClose(y);
        pair.Cpu.RmsNormRopeGradient(dy.Cpu, onCpu, x.Cpu, weight.Cpu, rstd.Cpu, dx.Cpu, dw.Cpu, accumulate: false);
        pair.Cuda.RmsNormRopeGradient(dy.Cuda, onCuda, x.Cuda, weight.Cuda, rstd.Cuda, dx.Cuda, dw.Cuda, accumulate: false);
        pair.AssertClose(dx);
        if (half % 8 == 0)
        {
            pair.AssertClose(dw); // else what is turned back is rounded first
        }
    }

    [CudaFact]
    public void RmsNormRope_InPlace_IsRefused()
    {
        using DevicePair pair = new();
        (RopeAngles onCpu, RopeAngles onCuda) = Angles(pair, 8);
        Tensor x = pair.Random("x", DType.F32, new Shape(Rows, 48)).Cuda;
        Tensor weight = pair.Random("weight", DType.F32, new Shape(48)).Cuda;
        Assert.Throws<ArgumentException>(() => pair.Cuda.RmsNormRope(x, weight, default, Epsilon, onCuda, x));
    }

    private static (RopeAngles Cpu, RopeAngles Cuda) Angles(DevicePair pair, int half)
    {
        Twin positions = new(pair.Allocate(pair.Cpu, "positions", DType.I32, new Shape(Rows)), pair.Allocate(pair.Cuda, "positions", DType.I32, new Shape(Rows)));
        int[] values = [.. Enumerable.Range(0, Rows).Select(t => t * 5 % Rows)];
        pair.Cpu.Write<int>(positions.Cpu, values);
        pair.Cuda.Write<int>(positions.Cuda, values);
        Twin cos = pair.Random("cos", DType.F32, new Shape(Rows, half));
        Twin sin = pair.Random("sin", DType.F32, new Shape(Rows, half));
        return (new(positions.Cpu, cos.Cpu, sin.Cpu), new(positions.Cuda, cos.Cuda, sin.Cuda));
    }
}

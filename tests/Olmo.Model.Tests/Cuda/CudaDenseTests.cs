using Olmo.Model.Cuda;
using Olmo.Model.Tensors;

namespace Olmo.Model.Tests.Cuda;

/// <summary>Products of linear layers on a GPU against the CPU, for every mix of types.</summary>
public sealed class CudaDenseTests
{
    public static TheoryData<DType, DType, string, bool> Mixes
    {
        get
        {
            TheoryData<DType, DType, string, bool> mixes = [];
            DType[] types = [DType.F32, DType.BF16];
            foreach ((DType x, DType y, string weight) in types.SelectMany(x => types.SelectMany(y => Enum.GetNames<WeightForm>().Select(w => (x, y, w)))))
            {
                mixes.Add(x, y, weight, false);
                mixes.Add(x, y, weight, true);
            }

            return mixes;
        }
    }

    private enum WeightForm
    {
        Rows,
        Seen,
        PackedSingle,
        PackedHalf,
    }

    [CudaTheory]
    [MemberData(nameof(Mixes))]
    public void Linear_AndItsInputGradient_AreThoseOfTheCpu(DType x, DType y, string weight, bool accumulate)
    {
        using DevicePair pair = new();
        foreach ((int rows, int inputs, int outputs) in ((int, int, int)[])[(1, 16, 8), (37, 45, 71), (96, 128, 64), (5, 3, 7)])
        {
            Twin input = pair.Random("x", x, new Shape(rows, inputs));
            Twin w = Weight(pair, Enum.Parse<WeightForm>(weight), outputs, inputs);
            Twin result = pair.Random("y", y, new Shape(rows, outputs));
            pair.Cpu.Linear(input.Cpu, w.Cpu, result.Cpu, accumulate);
            pair.Cuda.Linear(input.Cuda, w.Cuda, result.Cuda, accumulate);
            pair.AssertClose(result);
            if (!w.Cuda.Buffer.IsPacked)
            {
                Twin dy = pair.Random("dy", x, new Shape(rows, outputs));
                Twin dx = pair.Random("dx", y, new Shape(rows, inputs));
                pair.Cpu.LinearInputGradient(dy.Cpu, w.Cpu, dx.Cpu, accumulate);
                pair.Cuda.LinearInputGradient(dy.Cuda, w.Cuda, dx.Cuda, accumulate);
                pair.AssertClose(dx);
            }
        }
    }

    [CudaTheory]
    [InlineData(DType.F32, DType.F32, false)]
    [InlineData(DType.BF16, DType.BF16, true)]
    [InlineData(DType.BF16, DType.F32, true)]
    [InlineData(DType.F32, DType.BF16, false)]
    public void LinearWeightGradient_IsThatOfTheCpu(DType dyType, DType xType, bool accumulate)
    {
        using DevicePair pair = new();
        foreach ((int rows, int inputs, int outputs) in ((int, int, int)[])[(1, 16, 8), (37, 45, 71), (128, 64, 96), (0, 4, 4)])
        {
            Twin dy = pair.Random("dy", dyType, new Shape(rows, outputs));
            Twin x = pair.Random("x", xType, new Shape(rows, inputs));
            Twin dw = pair.Random("dw", DType.F32, new Shape(outputs, inputs));
            pair.Cpu.LinearWeightGradient(dy.Cpu, x.Cpu, dw.Cpu, accumulate);
            pair.Cuda.LinearWeightGradient(dy.Cuda, x.Cuda, dw.Cuda, accumulate);
            pair.AssertClose(dw);
        }
    }

    [CudaFact]
    public void Weight_ThatIsSeenAsBFloat16_IsRoundedAnewWhenItChanges()
    {
        using DevicePair pair = new();
        Twin x = pair.Random("x", DType.BF16, new Shape(4, 32));
        Twin y = pair.Random("y", DType.F32, new Shape(4, 16));
        Twin w = pair.Random("w", DType.F32, new Shape(16, 32));
        Twin other = pair.Random("other", DType.F32, new Shape(16, 32));
        Action<Tensor>[] changes = [t => { }, t => pair.Cuda.Copy(other.Cuda, t), t => pair.Cuda.Add(t, other.Cuda, t), t => pair.Cuda.Write<float>(t, pair.ReadCuda(other)), t => pair.Cuda.Zero(t)];
        foreach (Action<Tensor> change in changes)
        {
            change(w.Cuda);
            pair.Cpu.Write<float>(w.Cpu, pair.ReadCuda(w));
            pair.Cpu.Linear(x.Cpu, w.Cpu.SeenAsBFloat16(), y.Cpu);
            pair.Cuda.Linear(x.Cuda, w.Cuda.SeenAsBFloat16(), y.Cuda);
            pair.AssertClose(y);
        }
    }

    [CudaFact]
    public void Products_KeepTheAlgorithmOfTheFirst()
    {
        using DevicePair pair = new();
        Twin x = pair.Random("x", DType.BF16, new Shape(64, 128));
        Twin w = pair.Random("w", DType.F32, new Shape(96, 128));
        Twin y = pair.Random("y", DType.BF16, new Shape(64, 96));
        pair.Cuda.Linear(x.Cuda, w.Cuda.SeenAsBFloat16(), y.Cuda);
        float[] first = pair.ReadCuda(y);
        pair.Cuda.Linear(x.Cuda, w.Cuda.SeenAsBFloat16(), y.Cuda);
        Assert.Equal(first, pair.ReadCuda(y));
        string line = Assert.Single(pair.Cuda.ProductAlgorithms);
        Assert.Matches(@"^Forward rows 64 inputs 128 outputs 96, BF16 to BF16: algorithm -?\d+, tile \d+, stages \d+, split \d+, reduction (None|ComputeType|OutputType)$", line);
        pair.Cuda.Linear(x.Cuda, w.Cuda.SeenAsBFloat16(), y.Cuda, accumulate: true);
        Assert.Equal(2, pair.Cuda.ProductAlgorithms.Count);
    }

    private static Twin Weight(DevicePair pair, WeightForm form, int outputs, int inputs)
    {
        Twin rows = pair.Random("w", DType.F32, new Shape(outputs, inputs));
        if (form == WeightForm.Rows)
        {
            return rows;
        }

        if (form == WeightForm.Seen)
        {
            return new Twin(rows.Cpu.SeenAsBFloat16(), rows.Cuda.SeenAsBFloat16());
        }

        DType type = form == WeightForm.PackedHalf ? DType.BF16 : DType.F32;
        Twin packed = new(Pack(pair.Cpu, rows.Cpu), Pack(pair.Cuda, rows.Cuda));
        return packed;

        Tensor Pack(ITensorProvider provider, Tensor from)
        {
            Tensor target = pair.Allocate(provider, "packed", type, from.Shape, isPacked: true);
            for (int first = 0; first < outputs; first += BufferPlan.PackedRows)
            {
                provider.Pack(from.RowRange(first, Math.Min(BufferPlan.PackedRows, outputs - first)), target, first);
            }

            return target;
        }
    }
}

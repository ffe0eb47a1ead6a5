using Olmo.Model.Tensors;

namespace Olmo.Model.Tests.Cuda;

/// <summary>Attention on a GPU against the CPU: both kinds of kernels, ragged tiles, groups of heads, windows and documents.</summary>
public sealed class CudaAttentionTests
{
    public static TheoryData<DType, int, int, int, int, bool> Cases
    {
        get
        {
            TheoryData<DType, int, int, int, int, bool> cases = [];
            foreach ((DType type, int width) in ((DType, int)[])[(DType.F32, 12), (DType.F32, 64), (DType.F32, 160), (DType.BF16, 24), (DType.BF16, 64), (DType.BF16, 128), (DType.BF16, 192)])
            {
                cases.Add(type, width, 1, 5, 0, false);
                cases.Add(type, width, 2, 129, 0, true);
                cases.Add(type, width, 1, 200, 70, false);
                cases.Add(type, width, 4, 64, 7, true);
            }

            return cases;
        }
    }

    [CudaTheory]
    [MemberData(nameof(Cases))]
    public void Attention_AndItsGradients_AreThoseOfTheCpuAndTheSameAgain(DType type, int width, int group, int length, int window, bool hasDocuments)
    {
        using DevicePair pair = new();
        AttentionGeometry g = new(2, length, length, 0, 2 * group, 2, width, window);
        Rows rows = new(pair, type, g, offset: 0, hasDocuments);
        Twin[] gradients = [rows.Queries("dq"), rows.Keys("dk"), rows.Keys("dv")];
        Twin dy = rows.Queries("dy");
        rows.Attend(pair);
        pair.Cpu.AttentionGradient(
            g, rows.Query.Cpu, rows.Key.Cpu, rows.Value.Cpu, rows.Starts.Cpu, rows.Output.Cpu, rows.LogSumExp.Cpu, dy.Cpu, gradients[0].Cpu, gradients[1].Cpu, gradients[2].Cpu);
        OnGpu();
        pair.AssertClose(rows.Output);
        pair.AssertClose(rows.LogSumExp);
        Assert.All(gradients, pair.AssertClose);

        float[][] first = [.. gradients.Append(rows.Output).Select(pair.ReadCuda)];
        rows.Attend(pair);
        OnGpu();
        Assert.Equal(first, gradients.Append(rows.Output).Select(pair.ReadCuda));

        void OnGpu() => pair.Cuda.AttentionGradient(
            g, rows.Query.Cuda, rows.Key.Cuda, rows.Value.Cuda, rows.Starts.Cuda, rows.Output.Cuda, rows.LogSumExp.Cuda, dy.Cuda, gradients[0].Cuda, gradients[1].Cuda, gradients[2].Cuda);
    }

    [CudaTheory]
    [InlineData(DType.F32, 64, 0)]
    [InlineData(DType.BF16, 64, 0)]
    [InlineData(DType.BF16, 64, 3)]
    [InlineData(DType.BF16, 128, 8)]
    public void Attention_ThatBeginsInTheMiddle_IsThatOfTheCpu(DType type, int width, int offset)
    {
        using DevicePair pair = new();
        Rows rows = new(pair, type, new AttentionGeometry(2, 70, 260, 183, 4, 2, width, 100), offset, hasDocuments: true);
        rows.Attend(pair);
        pair.AssertClose(rows.Output);
        pair.AssertClose(rows.LogSumExp);
    }

    [CudaFact]
    public void Attention_OfHeadsThatAreTooWide_IsRefused()
    {
        using DevicePair pair = new();
        Rows rows = new(pair, DType.F32, new AttentionGeometry(1, 3, 3, 0, 1, 1, 264, 0), 0, hasDocuments: false);
        Assert.Throws<ArgumentException>(() => rows.Attend(pair));
    }

    [CudaFact]
    public void Attention_OfMixedTypes_IsRefused()
    {
        using DevicePair pair = new();
        AttentionGeometry g = new(1, 3, 3, 0, 1, 1, 64, 0);
        Rows single = new(pair, DType.F32, g, 0, hasDocuments: false);
        Rows half = new(pair, DType.BF16, g, 0, hasDocuments: false);
        Assert.Throws<ArgumentException>(() => pair.Cuda.Attention(g, half.Query.Cuda, single.Key.Cuda, half.Value.Cuda, default, half.Output.Cuda, default));
    }

    private sealed class Rows
    {
        private readonly DevicePair _pair;
        private readonly DType _type;
        private readonly AttentionGeometry _geometry;
        private readonly int _offset;

        public Rows(DevicePair pair, DType type, in AttentionGeometry g, int offset, bool hasDocuments)
        {
            (_pair, _type, _geometry, _offset) = (pair, type, g, offset);
            Query = Queries("q", 2.0);
            Key = Keys("k", 2.0);
            Value = Keys("v");
            Output = Queries("y");
            LogSumExp = pair.Random("lse", DType.F32, new Shape(g.QueryRows, g.QueryHeads));
            Starts = hasDocuments ? Documents() : default;
        }

        public Twin Query { get; }

        public Twin Key { get; }

        public Twin Value { get; }

        public Twin Starts { get; }

        public Twin Output { get; }

        public Twin LogSumExp { get; }

        public Twin Queries(string name, double scale = 1.0) =>
            _pair.Random(name, _type, new Shape(_geometry.QueryRows, _geometry.QueryHeads * _geometry.HeadWidth), scale, _offset);

        public Twin Keys(string name, double scale = 1.0) =>
            _pair.Random(name, _type, new Shape(_geometry.KeyRows, _geometry.KeyHeads * _geometry.HeadWidth), scale, _offset);

        public void Attend(DevicePair pair)
        {
            pair.Cpu.Attention(_geometry, Query.Cpu, Key.Cpu, Value.Cpu, Starts.Cpu, Output.Cpu, LogSumExp.Cpu);
            pair.Cuda.Attention(_geometry, Query.Cuda, Key.Cuda, Value.Cuda, Starts.Cuda, Output.Cuda, LogSumExp.Cuda);
        }

        // Each sequence begins in a document that began before, and has others of 23 tokens.
        private Twin Documents()
        {
            int[] starts = new int[_geometry.QueryRows];
            for (int i = 0; i < starts.Length; i++)
            {
                int row = i % _geometry.Queries;
                starts[i] = row < 23 ? _geometry.FirstPosition / 2 : _geometry.FirstPosition + (row / 23 * 23);
            }

            Shape shape = new(starts.Length);
            Twin twin = new(_pair.Allocate(_pair.Cpu, "starts", DType.I32, shape), _pair.Allocate(_pair.Cuda, "starts", DType.I32, shape));
            _pair.Cpu.Write<int>(twin.Cpu, starts);
            _pair.Cuda.Write<int>(twin.Cuda, starts);
            return twin;
        }
    }
}

using Olmo.Model.Cuda;
using Olmo.Model.Models;
using Olmo.Model.Tensors;
using Olmo.Model.Tests.Models;

namespace Olmo.Model.Tests.Cuda;

/// <summary>A whole step, from tokens on the device to the update, recorded once and run again.</summary>
public sealed class CudaStepGraphTests
{
    private const int Sequences = 2;
    private const int Length = 19;
    private const int Steps = 4;

    [CudaTheory]
    [InlineData("olmo1-clip")]
    [InlineData("olmo2")]
    [InlineData("olmo3")]
    public void Step_Recorded_TrainsToTheBitsOfCalls(string name)
    {
        using CudaProvider cuda = new();
        foreach (Precision precision in (Precision[])[Precision.Single, Precision.BFloat16])
        {
            using Step called = new(cuda, name, precision);
            using Step replayed = new(cuda, name, precision);
            float[] first = called.Weights();
            for (int i = 0; i < Steps; i++)
            {
                called.Run();
            }

            replayed.Run();
            using CudaGraph graph = cuda.Capture(replayed.Run);
            for (int i = 1; i < Steps; i++)
            {
                graph.Replay();
            }

            Assert.NotEqual(first, called.Weights());
            Assert.Equal(called.Weights(), replayed.Weights());
            Assert.Equal(called.Loss(), replayed.Loss());
        }
    }

    private sealed class Step : IGradientSink, IDisposable
    {
        private static readonly AdamWStep s_update = new(1f, 0.999f, 0.1f, 0.95f, 0.05f, 1e-2f, 1f, 1e-8f);
        private readonly CudaProvider _cuda;
        private readonly ResidentWeights _weights;
        private readonly OlmoModel _model;
        private readonly LoadedBatch _batch;
        private readonly BufferSet _memory;
        private readonly ChunkRange[][] _ranges;
        private readonly Tensor _sums;
        private readonly Tensor _m;
        private readonly Tensor _v;
        private readonly Tensor _flags;
        private readonly Tensor _digests;

        public Step(CudaProvider cuda, string name, Precision precision)
        {
            _cuda = cuda;
            OlmoConfig config = TinyModels.Config(name);
            _weights = TinyModels.Weights(cuda, config, precision: _ => precision);
            _model = new OlmoModel(cuda, _weights.Parameters, _weights, Sequences, Length, GradientStorage.OneLayer);
            _batch = _model.Load(TinyModels.Batch(config, Sequences, Length, documents: true).All, withLabels: true);
            long packed = 0;
            _ranges = new ChunkRange[_weights.Parameters.Specs.Length][];
            for (int p = 0; p < _ranges.Length; p++)
            {
                int length = (int)_weights.Parameters.Specs[p].Shape.Count;
                Assert.InRange(length, 1, ChunkRange.MaxLength);
                _ranges[p] = [new ChunkRange(length, 0, packed, (ulong)packed)];
                packed += length;
            }

            BufferPlan plan = new();
            TensorSlot sums = plan.Add("sums", DType.I64, new Shape(packed));
            TensorSlot m = plan.Add("m", DType.F32, new Shape(packed));
            TensorSlot v = plan.Add("v", DType.F32, new Shape(packed));
            TensorSlot flags = plan.Add("flags", DType.I32, new Shape(1));
            TensorSlot digests = plan.Add("digests", DType.I64, new Shape(1));
            _memory = cuda.Allocate(plan);
            (_sums, _m, _v, _flags, _digests) = (_memory[sums], _memory[m], _memory[v], _memory[flags], _memory[digests]);
        }

        public void Run()
        {
            _model.BeginGroup();
            _model.ForwardBackward(_batch, 40.0, isFirst: true, this);
            for (int p = 0; p < _ranges.Length; p++)
            {
                _cuda.AdamW(s_update, _sums, default, _weights[p], _m, _v, _ranges[p], _digests);
            }
        }

        public void Add(int parameter, in Tensor gradient) =>
            _cuda.AddRounded(gradient, _sums, _ranges[parameter], 4096f, accumulate: false, _flags);

        public void LayerReady(int layer)
        {
        }

        public (double CrossEntropy, double ZLoss) Loss() => _model.ReadLoss();

        public float[] Weights()
        {
            List<float> all = [];
            for (int p = 0; p < _ranges.Length; p++)
            {
                float[] values = new float[_weights.Parameters.Specs[p].Shape.Count];
                _cuda.Read<float>(_weights[p].View(0, new Shape(values.Length)), values);
                all.AddRange(values);
            }

            return [.. all];
        }

        public void Dispose()
        {
            _memory.Dispose();
            _model.Dispose();
            _weights.Dispose();
        }
    }
}

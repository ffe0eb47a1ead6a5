using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Generation;
using Olmo.Model.Models;
using Olmo.Model.Tensors;

namespace Olmo.Model.Tests.Models;

/// <summary>Weights are there only while they are acquired: what ZeRO-3 and offload to slower memory need.</summary>
public sealed class WeightSourceTests
{
    private const int Sequences = 2;
    private const int Length = 11;

    public static TheoryData<string> Names => TinyModels.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void Pass_WeightsThatVanishWhenReleased_HasTheSameBitsAndHoldsNoMoreThanTheLayerInWork(string name)
    {
        using ComputePool pool = new(1);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        OlmoConfig config = TinyModels.Config(name);
        using ResidentWeights weights = TinyModels.Weights(provider, config);
        List<float[]> expected = Gradients(provider, weights, weights);
        LeasedWeights leased = new(weights);
        List<float[]> actual = Gradients(provider, weights, leased);
        Assert.Equal(expected, actual);
        Assert.Equal(0, leased.Held);
        Assert.Equal(MostHeld(weights.Parameters), leased.MostHeld);
        // Forward and backward of each block; the embedding for the first layer and, where it is tied, for the loss.
        for (int layer = 1; layer <= config.Layers; layer++)
        {
            Assert.Equal(2, leased.Acquisitions[layer]);
        }

        Assert.Equal(config.TiedEmbeddings ? 2 : 1, leased.Acquisitions[0]);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Decoder_WeightsThatVanishWhenReleased_GivesTheSameLogits(string name)
    {
        using ComputePool pool = new(1);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        using ResidentWeights weights = TinyModels.Weights(provider, TinyModels.Config(name));
        float[] expected = Logits(provider, weights, weights);
        LeasedWeights leased = new(weights);
        Assert.Equal(expected, Logits(provider, weights, leased));
        Assert.Equal((0, MostHeld(weights.Parameters)), (leased.Held, leased.MostHeld));
    }

    [Fact]
    public void Indexer_LayerThatIsNotAcquired_IsRefused()
    {
        using ComputePool pool = new(1);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        using ResidentWeights weights = TinyModels.Weights(provider, TinyModels.Config("olmo2"));
        LeasedWeights leased = new(weights);
        Assert.Throws<InvalidOperationException>(() => leased[0]);
        leased.Acquire(0);
        Assert.Equal(weights[0], leased[0]);
    }

    // A tied head with a final norm needs two layers' weights.
    private static int MostHeld(ParameterList parameters) => parameters.Config.TiedEmbeddings && parameters.FinalNorm >= 0 ? 2 : 1;

    private static List<float[]> Gradients(ITensorProvider provider, ResidentWeights resident, IWeightSource weights)
    {
        TinyBatch batch = TinyModels.Batch(resident.Parameters.Config, Sequences, Length, documents: true);
        using OlmoModel model = new(provider, resident.Parameters, weights, Sequences, Length, GradientStorage.OneLayer);
        CapturedGradients gradients = new(provider, resident.Parameters, asDouble: false);
        model.BeginGroup();
        model.ForwardBackward(batch.All, 1.0, isFirst: true, gradients);
        return gradients.Floats;
    }

    private static float[] Logits(ITensorProvider provider, ResidentWeights resident, IWeightSource weights)
    {
        using OlmoDecoder decoder = new(provider, resident.Parameters, weights, sequences: 1, capacity: 16);
        float[] logits = new float[resident.Parameters.Config.Vocabulary];
        decoder.Append(0, [3, 1, 4, 1, 5], logits);
        decoder.Append(0, [9], logits);
        return logits;
    }

    // Keeps the values in a second place and leaves NaN where a layer is not acquired.
    private sealed class LeasedWeights : IWeightSource
    {
        private readonly ResidentWeights _weights;
        private readonly float[][] _kept;
        private readonly int[] _holders;

        public LeasedWeights(ResidentWeights weights)
        {
            _weights = weights;
            _kept = new float[weights.Parameters.Specs.Length][];
            _holders = new int[weights.Parameters.LayerCount];
            Acquisitions = new int[weights.Parameters.LayerCount];
            for (int p = 0; p < _kept.Length; p++)
            {
                _kept[p] = new float[weights[p].Count];
                weights.Provider.Read<float>(weights[p], _kept[p]);
                Overwrite(p, float.NaN);
            }
        }

        public int[] Acquisitions { get; }

        public int Held => _holders.Count(h => h > 0);

        public int MostHeld { get; private set; }

        public Tensor this[int parameter] => _holders[LayerOf(parameter)] > 0
            ? _weights[parameter]
            : throw new InvalidOperationException($"'{_weights.Parameters.Specs[parameter].Name}' was used while its layer was not acquired.");

        public void Acquire(int layer)
        {
            Acquisitions[layer]++;
            if (_holders[layer]++ == 0)
            {
                ForEach(layer, p => _weights.Provider.Write<float>(_weights[p], _kept[p]));
            }

            MostHeld = Math.Max(MostHeld, Held);
        }

        public void Release(int layer)
        {
            if (--_holders[layer] == 0)
            {
                ForEach(layer, p => Overwrite(p, float.NaN));
            }

            Assert.True(_holders[layer] >= 0, $"layer {layer} was released more often than acquired");
        }

        private int LayerOf(int parameter) => _weights.Parameters.Specs[parameter].Layer;

        private void ForEach(int layer, Action<int> action)
        {
            for (int p = 0; p < _kept.Length; p++)
            {
                if (LayerOf(p) == layer)
                {
                    action(p);
                }
            }
        }

        private void Overwrite(int parameter, float value)
        {
            float[] values = new float[_kept[parameter].Length];
            Array.Fill(values, value);
            _weights.Provider.Write<float>(_weights[parameter], values);
        }
    }
}

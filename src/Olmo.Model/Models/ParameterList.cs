using System.Collections.Immutable;
using Olmo.Model.State;
using Olmo.Model.Tensors;

namespace Olmo.Model.Models;

/// <summary>
/// The parameters of a model in their fixed order, which is that of Hugging Face files: embedding; per block q, k, v, o, (q norm, k norm,) gate, up, down,
/// (norm after attention, norm after the FFN); (final norm;) head, absent where it is tied.
/// </summary>
public sealed class ParameterList
{
    private readonly BlockParameters[] _blocks;
    private readonly Func<string, Precision> _precision;

    /// <summary>Lists a model's parameters.</summary>
    /// <param name="config">Sizes.</param>
    /// <param name="precision">Types of a parameter by its name; null: <see cref="Precision.Single"/> for all.</param>
    /// <exception cref="ModelConfigException">The configuration is not valid.</exception>
    public ParameterList(OlmoConfig config, Func<string, Precision>? precision = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        _precision = precision ?? (_ => Precision.Single);
        Config = config.Validated();
        ImmutableArray<ParameterSpec>.Builder specs = ImmutableArray.CreateBuilder<ParameterSpec>();
        specs.Add(Spec("model.embed_tokens.weight", new Shape(config.Vocabulary, config.Width), 0, InputDeviation));
        _blocks = new BlockParameters[config.Layers];
        for (int l = 0; l < config.Layers; l++)
        {
            _blocks[l] = AddBlock(specs, l);
        }

        int head = config.Layers + 1;
        FinalNorm = config.IsReordered ? specs.Count : -1;
        if (config.IsReordered)
        {
            specs.Add(Spec("model.norm.weight", new Shape(config.Width), head, 0.0));
        }

        Head = config.TiedEmbeddings ? 0 : specs.Count;
        if (!config.TiedEmbeddings)
        {
            specs.Add(Spec("lm_head.weight", new Shape(config.Vocabulary, config.Width), head, InputDeviation));
        }

        Specs = specs.ToImmutable();
        LayerCount = Specs[^1].Layer + 1;
    }

    /// <summary>The model's configuration.</summary>
    public OlmoConfig Config { get; }

    /// <summary>The parameters; a parameter's index is its place here.</summary>
    public ImmutableArray<ParameterSpec> Specs { get; }

    /// <summary>Layers in the sense of <see cref="ParameterSpec.Layer"/>; without head parameters there is no head layer.</summary>
    public int LayerCount { get; }

    /// <summary>Type of activations: that in which passes store the embedding.</summary>
    public DType ActivationType => Specs[Embedding].Precision.Compute;

    /// <summary>Index of the embedding.</summary>
    public int Embedding => 0;

    /// <summary>Index of the final norm's weight; -1: it has none.</summary>
    public int FinalNorm { get; }

    /// <summary>Index of the final matrix; the embedding's where it is tied.</summary>
    public int Head { get; }

    /// <summary>Layer of the final norm and the head's use of the final matrix: L + 1, also where no parameter lies in it.</summary>
    public int HeadLayer => Config.Layers + 1;

    /// <summary>Elements of all parameters.</summary>
    public long Elements => CountOf(_ => true);

    /// <summary>Elements without the embedding (a tied one is left out too).</summary>
    public long NonEmbeddingElements => CountOf(s => s.Layer != 0);

    /// <summary>Indices of a block's parameters.</summary>
    public BlockParameters Block(int block) => _blocks[block];

    /// <summary>
    /// Floating-point operations of training for one token, as OLMo-core counts them: 6 per parameter of attention, FFN and head (final norm included), and
    /// 12 H e min(window, T) for each layer's scores and values.
    /// </summary>
    public long FlopsPerToken(int sequenceLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sequenceLength, 1);
        long width = Config.Width;
        long attention = (2 * width * Config.QueryWidth) + (2 * width * Config.KeyWidth) + (Config.IsReordered ? Config.QueryWidth + Config.KeyWidth : 0);
        long feedForward = 3 * width * Config.FeedForward;
        long head = (Config.Vocabulary * width) + (Config.IsReordered ? width : 0);
        long flops = 6 * ((Config.Layers * (attention + feedForward)) + head);
        for (int l = 0; l < Config.Layers; l++)
        {
            int window = Config.WindowOf(l);
            flops += 12L * Config.QueryWidth * (window == 0 ? sequenceLength : Math.Min(window, sequenceLength));
        }

        return flops;
    }

    /// <summary>The layout of the training state in S shards.</summary>
    public ParameterLayout Layout(int shards) => new([.. Specs.Select(s => new ParameterShape(s.Name, [.. s.Shape.ToArray()], s.Layer) { Precision = s.Precision })], shards);

    private double InputDeviation =>
        Config.Initialisation == InitialisationMethod.Mitchell ? 1.0 / Math.Sqrt(Config.Width) : Config.InitialDeviation;

    // sigma of a projection back to the residual stream: 1 / sqrt(2 fanIn (l + 1)) for "mitchell", l from 0.
    private double OutputDeviation(long fanIn, int block) =>
        Config.Initialisation == InitialisationMethod.Mitchell ? 1.0 / Math.Sqrt(2.0 * fanIn * (block + 1)) : Config.InitialDeviation;

    private BlockParameters AddBlock(ImmutableArray<ParameterSpec>.Builder specs, int block)
    {
        string prefix = $"model.layers.{block}.";
        int Add(string name, Shape shape, double deviation)
        {
            specs.Add(Spec(prefix + name + ".weight", shape, block + 1, deviation));
            return specs.Count - 1;
        }

        OlmoConfig c = Config;
        int AddNorm(string name, long columns) => c.IsReordered ? Add(name, new Shape(columns), 0.0) : -1;

        return new BlockParameters(
            Query: Add("self_attn.q_proj", new Shape(c.QueryWidth, c.Width), InputDeviation),
            Key: Add("self_attn.k_proj", new Shape(c.KeyWidth, c.Width), InputDeviation),
            Value: Add("self_attn.v_proj", new Shape(c.KeyWidth, c.Width), InputDeviation),
            Output: Add("self_attn.o_proj", new Shape(c.Width, c.QueryWidth), OutputDeviation(c.Width, block)),
            QueryNorm: AddNorm("self_attn.q_norm", c.QueryWidth),
            KeyNorm: AddNorm("self_attn.k_norm", c.KeyWidth),
            Gate: Add("mlp.gate_proj", new Shape(c.FeedForward, c.Width), InputDeviation),
            Up: Add("mlp.up_proj", new Shape(c.FeedForward, c.Width), InputDeviation),
            Down: Add("mlp.down_proj", new Shape(c.Width, c.FeedForward), OutputDeviation(c.FeedForward, block)),
            AttentionNorm: AddNorm("post_attention_layernorm", c.Width),
            FeedForwardNorm: AddNorm("post_feedforward_layernorm", c.Width));
    }

    private ParameterSpec Spec(string name, Shape shape, int layer, double deviation) =>
        new(name, shape, layer, NoDecay: layer == 0, deviation, _precision(name));

    private long CountOf(Predicate<ParameterSpec> which)
    {
        long count = 0;
        foreach (ParameterSpec spec in Specs)
        {
            count += which(spec) ? spec.Shape.Count : 0;
        }

        return count;
    }
}

using Olmo.Model.Layers;
using Olmo.Model.Tensors;

namespace Olmo.Model.Models;

/// <summary>
/// Activations of passes of up to a number of rows, taken once; a pass of fewer rows uses the first ones. In the type that the device works in, what the backward pass reads stays where it was computed.
/// Where passes work in fp32 and activations are stored as bf16, all blocks work in the same memory, and what the backward pass reads is kept beside it, but for the last block, which ends the forward
/// pass and begins the backward pass.
/// </summary>
internal sealed class ActivationMemory : IDisposable
{
    private readonly OlmoConfig _config;
    private readonly ActivationKind _kind;
    private readonly DType _type;
    private readonly bool _isKeptApart;
    private readonly int _maxRows;
    private readonly BufferPlan _plan = new();
    private readonly BufferSet? _memory;
    private readonly Dictionary<string, TensorSlot> _slots = new(StringComparer.Ordinal);
    private readonly Dictionary<int, ActivationSet> _sets = [];

    public ActivationMemory(ITensorProvider provider, OlmoConfig config, int maxRows, int logitRows, ActivationKind kind, DType type)
        : this(config, maxRows, logitRows, kind, type, DeviceTraits.Of(provider).WorkingTypeOf(type))
    {
        _memory = provider.Allocate(_plan);
    }

    private ActivationMemory(OlmoConfig config, int maxRows, int logitRows, ActivationKind kind, DType type, DType worksIn)
    {
        _config = config;
        _kind = kind;
        _type = worksIn;
        _isKeptApart = type != worksIn;
        _maxRows = maxRows;
        PlanRows(DType.I32, "ids", "positions", "labels", "document starts");
        PlanRows(DType.F32, "weights", "cross-entropy", "z-loss", "log-probability", "final mean", "final rstd");
        Plan("normed", config.Width);
        Add("logits", new Shape(logitRows, config.Vocabulary), DType.F32);
        Add("cross-entropy sum", new Shape(1), DType.F64);
        Add("z-loss sum", new Shape(1), DType.F64);
        for (int s = 0; s < (StaysInPlace ? config.Layers + 1 : 2); s++)
        {
            Plan($"stream {s}", config.Width);
        }

        for (int l = 0; l < (HasOwnMemory ? config.Layers : 1); l++)
        {
            foreach ((string name, int columns, _) in TensorsOfBlock())
            {
                Plan($"{name} {l}", columns);
            }
        }

        if (ProjectsApart)
        {
            Add("projected", new Shape(maxRows, config.QueryWidth), DType.F32);
        }

        for (int l = 0; l < (kind == ActivationKind.Training ? config.Layers : IsForBackward ? 1 : 0); l++)
        {
            Add($"log-sum-exp {l}", new Shape(maxRows, config.Heads), DType.F32);
            Add($"statistics {l}", new Shape(maxRows, 6), DType.F32);
        }

        for (int l = 0; l < config.Layers - 1 && IsForBackward && _isKeptApart; l++)
        {
            PlanKept(l);
        }

        if (IsForBackward)
        {
            Add("stream gradient", new Shape(maxRows, config.Width), DType.F32);
            Add("branch gradient", new Shape(maxRows, config.Width), config.IsReordered ? _type : DType.F32);
            if (!config.IsReordered && _type == DType.BF16)
            {
                Plan("rounded stream gradient", config.Width);
            }

            Plan("hidden gradient", config.FeedForward);
            Plan("mixed gradient", config.QueryWidth);
            Plan("query gradient", config.QueryWidth);
            Plan("key gradient", config.KeyWidth);
            Plan("value gradient", config.KeyWidth);
        }

        SizeBytes = _plan.SizeBytes;
    }

    /// <summary>Bytes that such a memory takes on a device.</summary>
    public static long SizeOf(OlmoConfig config, int maxRows, int logitRows, ActivationKind kind, DType type, DeviceTraits device)
    {
        using ActivationMemory planned = new(config, maxRows, logitRows, kind, type, device.WorkingTypeOf(type));
        return planned.SizeBytes;
    }

    /// <summary>Bytes taken.</summary>
    public long SizeBytes { get; }

    private bool IsForBackward => _kind != ActivationKind.Inference;

    // Inputs of blocks stay where they are computed.
    private bool StaysInPlace => IsForBackward && !_isKeptApart;

    // The rest of a block does, too.
    private bool HasOwnMemory => _kind == ActivationKind.Training && !_isKeptApart;

    // A norm or clamp between projection and RoPE reads its input again in the backward pass.
    private bool HasRaw => _config.IsReordered || _config.ClipQkv is not null;

    // Nothing is between, and what is turned would be rounded.
    private bool ProjectsApart => !HasRaw && _type == DType.BF16;

    /// <summary>The activations of a pass of so many rows; made at its first use.</summary>
    public ActivationSet For(int rows)
    {
        if (rows < 1 || rows > _maxRows)
        {
            throw new ArgumentOutOfRangeException(nameof(rows), rows, $"A pass has 1 to {_maxRows} rows here.");
        }

        if (!_sets.TryGetValue(rows, out ActivationSet? set))
        {
            set = Build(rows);
            _sets.Add(rows, set);
        }

        return set;
    }

    public void Dispose() => _memory?.Dispose();

    private void PlanRows(DType type, params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            Add(name, new Shape(_maxRows), type);
        }
    }

    private void Plan(string name, int columns) => Add(name, new Shape(_maxRows, columns), _type);

    private void Keep(string name, int columns) => Add(name, new Shape(_maxRows, columns), DType.BF16);

    private void Add(string name, Shape shape, DType type) => _slots.Add(name, _plan.Add(name, type, shape));

    // The stream left out.
    private IEnumerable<(string Name, int Columns, bool IsReadBack)> TensorsOfBlock()
    {
        OlmoConfig c = _config;
        yield return ("query", c.QueryWidth, true);
        yield return ("key", c.KeyWidth, true);
        yield return ("value", c.KeyWidth, true);
        yield return ("mixed", c.QueryWidth, true);
        yield return ("attended", c.Width, c.IsReordered);
        yield return ("middle", c.Width, true);
        yield return ("gate", c.FeedForward, true);
        yield return ("up", c.FeedForward, true);
        yield return ("hidden", c.FeedForward, true);
        yield return ("fed", c.Width, c.IsReordered);
        if (HasRaw)
        {
            yield return ("raw query", c.QueryWidth, true);
            yield return ("raw key", c.KeyWidth, true);
        }

        if (c.ClipQkv is not null)
        {
            yield return ("raw value", c.KeyWidth, true);
        }

        if (!c.IsReordered)
        {
            yield return ("normed input", c.Width, true);
            yield return ("normed middle", c.Width, true);
        }
    }

    private void PlanKept(int l)
    {
        Keep($"kept stream {l}", _config.Width);
        foreach ((string name, int columns, bool isReadBack) in TensorsOfBlock())
        {
            if (isReadBack && _kind == ActivationKind.Training)
            {
                Keep($"kept {name} {l}", columns);
            }
        }
    }

    private ActivationSet Build(int rows)
    {
        BlockActivations[] blocks = new BlockActivations[_config.Layers];
        for (int l = 0; l < blocks.Length; l++)
        {
            blocks[l] = Block(l, rows);
        }

        GradientScratch? scratch = _kind == ActivationKind.Inference
            ? null
            : new GradientScratch(
                View("stream gradient", rows),
                Optional("rounded stream gradient", rows),
                View("branch gradient", rows),
                View("hidden gradient", rows),
                View("mixed gradient", rows),
                View("query gradient", rows),
                View("key gradient", rows),
                View("value gradient", rows));
        return new ActivationSet
        {
            Rows = rows,
            Ids = View("ids", rows),
            Positions = View("positions", rows),
            Labels = View("labels", rows),
            DocumentStarts = View("document starts", rows),
            Weights = View("weights", rows),
            CrossEntropy = View("cross-entropy", rows),
            ZLoss = View("z-loss", rows),
            LogProbability = View("log-probability", rows),
            FinalStatistics = new NormStatistics(View("final mean", rows), View("final rstd", rows)),
            Normed = View("normed", rows),
            Logits = _memory![_slots["logits"]],
            CrossEntropySum = _memory![_slots["cross-entropy sum"]],
            ZLossSum = _memory![_slots["z-loss sum"]],
            Blocks = blocks,
            Scratch = scratch,
        };
    }

    private BlockActivations Block(int l, int rows)
    {
        List<Activation> elsewhere = [];
        Activation Stream(int s) => new(View($"stream {(StaysInPlace ? s : s % 2)}", rows), Optional($"kept stream {s}", rows));
        Activation Of(string name)
        {
            Activation activation = new(Optional($"{name} {(HasOwnMemory ? l : 0)}", rows), Optional($"kept {name} {l}", rows));
            if (!activation.Kept.IsNone)
            {
                elsewhere.Add(activation);
            }

            return activation;
        }

        Activation input = Stream(l);
        if (!input.Kept.IsNone)
        {
            elsewhere.Add(input);
        }

        Activation query = Of("query");
        Activation key = Of("key");
        Activation value = Of("value");
        return new BlockActivations
        {
            Input = input,
            Output = Stream(l + 1),
            NormedInput = Of("normed input"),
            NormedMiddle = Of("normed middle"),
            RawQuery = HasRaw ? Of("raw query") : ProjectsApart ? new Activation(View("projected", rows)) : query,
            RawKey = HasRaw ? Of("raw key") : ProjectsApart ? new Activation(View("projected", rows).View(0, key.Values.Shape)) : key,
            RawValue = Of("raw value"),
            Query = query,
            Key = key,
            Value = value,
            Mixed = Of("mixed"),
            LogSumExp = Optional($"log-sum-exp {OfStatistics(l)}", rows),
            Attended = Of("attended"),
            Middle = Of("middle"),
            Gate = Of("gate"),
            Up = Of("up"),
            Hidden = Of("hidden"),
            Fed = Of("fed"),
            QueryStatistics = new NormStatistics(default, Statistics(l, 0, rows)),
            KeyStatistics = new NormStatistics(default, Statistics(l, 1, rows)),
            AttentionStatistics = new NormStatistics(Statistics(l, 2, rows), Statistics(l, 3, rows)),
            FeedForwardStatistics = new NormStatistics(Statistics(l, 4, rows), Statistics(l, 5, rows)),
            KeptElsewhere = [.. elsewhere],
        };
    }

    private int OfStatistics(int block) => _kind == ActivationKind.Training ? block : 0;

    private Tensor Statistics(int block, int which, int rows) =>
        _slots.TryGetValue($"statistics {OfStatistics(block)}", out TensorSlot slot) ? _memory![slot].View((long)which * _maxRows, new Shape(rows)) : default;

    private Tensor Optional(string name, int rows) => _slots.ContainsKey(name) ? View(name, rows) : default;

    private Tensor View(string name, int rows)
    {
        Tensor tensor = _memory![_slots[name]];
        return tensor.Shape.Rank == 1 ? tensor.View(0, new Shape(rows)) : tensor.FirstRows(rows);
    }
}

using Olmo.Model.Layers;
using Olmo.Model.Tensors;

namespace Olmo.Model.Models;

/// <summary>Activations of passes of up to a number of rows, taken once; a pass of fewer rows uses the first ones.</summary>
internal sealed class ActivationMemory : IDisposable
{
    private readonly OlmoConfig _config;
    private readonly ActivationKind _kind;
    private readonly int _maxRows;
    private readonly BufferPlan _plan = new();
    private readonly BufferSet? _memory;
    private readonly Dictionary<string, TensorSlot> _slots = new(StringComparer.Ordinal);
    private readonly Dictionary<int, ActivationSet> _sets = [];

    public ActivationMemory(ITensorProvider provider, OlmoConfig config, int maxRows, int logitRows, ActivationKind kind, DType dtype)
        : this(config, maxRows, logitRows, kind, dtype)
    {
        _memory = provider.Allocate(_plan);
    }

    private ActivationMemory(OlmoConfig config, int maxRows, int logitRows, ActivationKind kind, DType dtype)
    {
        _config = config;
        _kind = kind;
        _maxRows = maxRows;
        PlanRows(DType.I32, "ids", "positions", "labels", "document starts");
        PlanRows(DType.F32, "weights", "cross-entropy", "z-loss", "log-probability", "final mean", "final rstd");
        Plan("normed", config.Width, dtype);
        Add("logits", new Shape(logitRows, config.Vocabulary), dtype);
        Add("cross-entropy sum", new Shape(1), DType.F64);
        Add("z-loss sum", new Shape(1), DType.F64);
        int streams = IsForBackward ? config.Layers + 1 : 2;
        for (int l = 0; l < streams; l++)
        {
            Plan($"stream {l}", config.Width, dtype);
        }

        for (int l = 0; l < (kind == ActivationKind.Training ? config.Layers : 1); l++)
        {
            PlanBlock(l, dtype);
        }

        if (IsForBackward)
        {
            Plan("stream gradient", config.Width, dtype);
            Plan("branch gradient", config.Width, dtype);
            Plan("hidden gradient", config.FeedForward, dtype);
            Plan("mixed gradient", config.QueryWidth, dtype);
            Plan("query gradient", config.QueryWidth, dtype);
            Plan("key gradient", config.KeyWidth, dtype);
            Plan("value gradient", config.KeyWidth, dtype);
        }

        SizeBytes = _plan.SizeBytes;
    }

    /// <summary>Bytes that such a memory takes.</summary>
    public static long SizeOf(OlmoConfig config, int maxRows, int logitRows, ActivationKind kind, DType dtype)
    {
        using ActivationMemory planned = new(config, maxRows, logitRows, kind, dtype);
        return planned.SizeBytes;
    }

    /// <summary>Bytes taken.</summary>
    public long SizeBytes { get; }

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

    private bool IsForBackward => _kind != ActivationKind.Inference;

    private void PlanRows(DType dtype, params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            Add(name, new Shape(_maxRows), dtype);
        }
    }

    private void Plan(string name, int columns, DType dtype) => Add(name, new Shape(_maxRows, columns), dtype);

    private void Add(string name, Shape shape, DType dtype) => _slots.Add(name, _plan.Add(name, dtype, shape));

    private void PlanBlock(int l, DType dtype)
    {
        OlmoConfig c = _config;
        bool training = IsForBackward;
        bool raw = training && (c.IsReordered || c.ClipQkv is not null);
        Plan($"query {l}", c.QueryWidth, dtype);
        Plan($"key {l}", c.KeyWidth, dtype);
        Plan($"value {l}", c.KeyWidth, dtype);
        Plan($"mixed {l}", c.QueryWidth, dtype);
        Plan($"attended {l}", c.Width, dtype);
        Plan($"middle {l}", c.Width, dtype);
        Plan($"gate {l}", c.FeedForward, dtype);
        Plan($"up {l}", c.FeedForward, dtype);
        Plan($"hidden {l}", c.FeedForward, dtype);
        Plan($"fed {l}", c.Width, dtype);
        if (raw)
        {
            Plan($"raw query {l}", c.QueryWidth, dtype);
            Plan($"raw key {l}", c.KeyWidth, dtype);
        }

        if (raw && c.ClipQkv is not null)
        {
            Plan($"raw value {l}", c.KeyWidth, dtype);
        }

        if (!c.IsReordered)
        {
            Plan($"normed input {l}", c.Width, dtype);
            Plan($"normed middle {l}", c.Width, dtype);
        }

        if (training)
        {
            Plan($"log-sum-exp {l}", c.Heads, DType.F32);
            Plan($"statistics {l}", 6, DType.F32);
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
        bool training = IsForBackward;
        int at = _kind == ActivationKind.Training ? l : 0;
        Tensor query = View($"query {at}", rows);
        Tensor key = View($"key {at}", rows);
        Tensor value = View($"value {at}", rows);
        return new BlockActivations
        {
            Input = View($"stream {(training ? l : l % 2)}", rows),
            Output = View($"stream {(training ? l + 1 : (l + 1) % 2)}", rows),
            NormedInput = Optional($"normed input {at}", rows),
            NormedMiddle = Optional($"normed middle {at}", rows),
            // Without a backward pass clamp and QK-norm work in place.
            RawQuery = training ? Optional($"raw query {at}", rows) : query,
            RawKey = training ? Optional($"raw key {at}", rows) : key,
            RawValue = training ? Optional($"raw value {at}", rows) : value,
            Query = query,
            Key = key,
            Value = value,
            Mixed = View($"mixed {at}", rows),
            LogSumExp = Optional($"log-sum-exp {at}", rows),
            Attended = View($"attended {at}", rows),
            Middle = View($"middle {at}", rows),
            Gate = View($"gate {at}", rows),
            Up = View($"up {at}", rows),
            Hidden = View($"hidden {at}", rows),
            Fed = View($"fed {at}", rows),
            QueryStatistics = new NormStatistics(default, Statistics(at, 0, rows)),
            KeyStatistics = new NormStatistics(default, Statistics(at, 1, rows)),
            AttentionStatistics = new NormStatistics(Statistics(at, 2, rows), Statistics(at, 3, rows)),
            FeedForwardStatistics = new NormStatistics(Statistics(at, 4, rows), Statistics(at, 5, rows)),
        };
    }

    private Tensor Statistics(int block, int which, int rows) =>
        _slots.TryGetValue($"statistics {block}", out TensorSlot slot) ? _memory![slot].View((long)which * _maxRows, new Shape(rows)) : default;

    private Tensor Optional(string name, int rows) => _slots.ContainsKey(name) ? View(name, rows) : default;

    private Tensor View(string name, int rows)
    {
        Tensor tensor = _memory![_slots[name]];
        return tensor.Shape.Rank == 1 ? tensor.View(0, new Shape(rows)) : tensor.FirstRows(rows);
    }
}

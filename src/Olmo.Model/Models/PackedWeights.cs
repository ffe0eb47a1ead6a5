using Olmo.Model.Tensors;

namespace Olmo.Model.Models;

/// <summary>
/// Weights for generation and evaluation: matrices in the device's own order, as fp32 or bf16, norms as fp32. Passes give the bits that they give with the same values in
/// <see cref="ResidentWeights"/>: bf16 is how they are stored, not how they are computed with.
/// </summary>
public sealed class PackedWeights : IWeightSource, IDisposable
{
    private readonly BufferSet _memory;
    private readonly BufferSet _staging;
    private readonly Tensor[] _tensors;
    private readonly Tensor _rows;

    /// <summary>Takes the memory; values are 0.</summary>
    /// <param name="provider">Device.</param>
    /// <param name="parameters">Sizes of the model.</param>
    /// <param name="type">How matrices are stored: F32 or BF16.</param>
    public PackedWeights(ITensorProvider provider, ParameterList parameters, DType type)
    {
        ArgumentNullException.ThrowIfNull(provider);
        ArgumentNullException.ThrowIfNull(parameters);
        if (type is not (DType.F32 or DType.BF16))
        {
            throw new ArgumentOutOfRangeException(nameof(type), type, "Packed weights are F32 or BF16.");
        }

        Provider = provider;
        Parameters = parameters;
        Type = type;
        BufferPlan plan = new();
        TensorSlot[] slots = [.. parameters.Specs.Select(s => IsMatrix(s) ? plan.AddPacked(s.Name, type, s.Shape) : plan.Add(s.Name, DType.F32, s.Shape))];
        _memory = provider.Allocate(plan);
        SizeBytes = plan.SizeBytes;
        _tensors = [.. slots.Select(s => _memory[s])];
        BufferPlan staging = new();
        TensorSlot rows = staging.Add("rows to pack", DType.F32, new Shape(BufferPlan.PackedRows, parameters.Specs.Max(s => s.Shape.Columns)));
        _staging = provider.Allocate(staging);
        _rows = _staging[rows];
    }

    /// <summary>Device.</summary>
    public ITensorProvider Provider { get; }

    /// <summary>The parameters.</summary>
    public ParameterList Parameters { get; }

    /// <summary>How matrices are stored.</summary>
    public DType Type { get; }

    /// <summary>Bytes of all weights.</summary>
    public long SizeBytes { get; }

    /// <inheritdoc/>
    public Tensor this[int parameter] => _tensors[parameter];

    /// <summary>Fills all weights from wherever they are.</summary>
    /// <param name="read">Gives elements [first, first + length) of a parameter.</param>
    public void Fill(ReadElements read)
    {
        ArgumentNullException.ThrowIfNull(read);
        float[] values = new float[_rows.Count];
        for (int p = 0; p < _tensors.Length; p++)
        {
            ParameterSpec spec = Parameters.Specs[p];
            long columns = spec.Shape.Columns;
            if (!IsMatrix(spec))
            {
                Span<float> norm = values.AsSpan(0, (int)columns);
                read(p, 0, norm);
                Provider.Write<float>(_tensors[p], norm);
                continue;
            }

            for (long row = 0; row < spec.Shape.Rows; row += BufferPlan.PackedRows)
            {
                long rows = Math.Min(BufferPlan.PackedRows, spec.Shape.Rows - row);
                Span<float> part = values.AsSpan(0, (int)(rows * columns));
                read(p, row * columns, part);
                Tensor staged = _rows.View(0, new Shape(rows, columns));
                Provider.Write<float>(staged, part);
                Provider.Pack(staged, _tensors[p], row);
            }
        }
    }

    /// <inheritdoc/>
    public void Acquire(int layer)
    {
    }

    /// <inheritdoc/>
    public void Release(int layer)
    {
    }

    /// <summary>Frees the memory.</summary>
    public void Dispose()
    {
        _staging.Dispose();
        _memory.Dispose();
    }

    private static bool IsMatrix(ParameterSpec spec) => spec.Shape.Rank == 2;
}

/// <summary>Gives elements of a parameter in the order of its rows.</summary>
/// <param name="parameter">Index in the <see cref="ParameterList"/>.</param>
/// <param name="first">First element.</param>
/// <param name="values">Written.</param>
public delegate void ReadElements(int parameter, long first, Span<float> values);

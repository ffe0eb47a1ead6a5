using System.Collections.Immutable;

namespace Olmo.Model.State;

/// <summary>
/// Where the chunks of some shards lie in one packed buffer: in chunk order, so that with all shards held every tensor is contiguous and begins at its
/// first element over all tensors.
/// </summary>
public sealed class ShardPlacement
{
    private readonly long[] _offsets;
    private readonly int[] _held;
    private readonly int[] _indices;
    private readonly int[] _firstHeld;

    /// <summary>Places the chunks of <paramref name="shards"/>.</summary>
    /// <exception cref="ArgumentException">A shard is out of range or there twice.</exception>
    public ShardPlacement(ParameterLayout layout, IReadOnlyList<int> shards)
    {
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(shards);
        Layout = layout;
        bool[] holds = new bool[layout.Shards];
        foreach (int shard in shards)
        {
            if (shard < 0 || shard >= layout.Shards || holds[shard])
            {
                throw new ArgumentException($"Shard {shard} of {layout.Shards} is out of range or given twice.", nameof(shards));
            }

            holds[shard] = true;
        }

        Shards = [.. shards.Order()];
        _offsets = new long[layout.Chunks];
        _indices = new int[layout.Chunks];
        _firstHeld = new int[layout.Tensors.Length + 1];
        List<int> held = [];
        for (int c = 0; c < layout.Chunks; c++)
        {
            if (!holds[layout.ShardOf(c)])
            {
                _offsets[c] = -1;
                _indices[c] = -1;
                continue;
            }

            _offsets[c] = Elements;
            Elements += layout.ChunkAt(c).Length;
            _indices[c] = held.Count;
            held.Add(c);
            _firstHeld[layout.ChunkAt(c).Tensor + 1] = held.Count;
        }

        for (int t = 0; t < layout.Tensors.Length; t++)
        {
            _firstHeld[t + 1] = Math.Max(_firstHeld[t], _firstHeld[t + 1]);
        }

        _held = [.. held];
    }

    /// <summary>Every shard.</summary>
    public static ShardPlacement All(ParameterLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        return new ShardPlacement(layout, [.. Enumerable.Range(0, layout.Shards)]);
    }

    public ParameterLayout Layout { get; }

    /// <summary>The shards held, rising.</summary>
    public ImmutableArray<int> Shards { get; }

    /// <summary>Elements of all shards held.</summary>
    public long Elements { get; }

    /// <summary>True if every shard is held.</summary>
    public bool IsWhole => Shards.Length == Layout.Shards;

    /// <summary>Numbers of the chunks held, rising.</summary>
    public ReadOnlySpan<int> Held => _held;

    /// <summary>True if the shard is held.</summary>
    public bool Holds(int shard) => Shards.BinarySearch(shard) >= 0;

    /// <summary>First element of a chunk in the packed buffer; -1 if its shard is not held.</summary>
    public long OffsetOf(int chunk) => _offsets[chunk];

    /// <summary>Place of a chunk in <see cref="Held"/>; -1 if its shard is not held.</summary>
    public int IndexOf(int chunk) => _indices[chunk];

    /// <summary>The chunks of a tensor in <see cref="Held"/>, which follow each other there: place of the first, and their number.</summary>
    public (int First, int Count) HeldOf(int tensor) => (_firstHeld[tensor], _firstHeld[tensor + 1] - _firstHeld[tensor]);
}

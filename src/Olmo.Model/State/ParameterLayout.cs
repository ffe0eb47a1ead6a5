using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Olmo.Model.Tensors;

namespace Olmo.Model.State;

/// <summary>
/// How the training state is cut: tensors in model order into chunks of 16,384 elements, chunks dealt to S shards round-robin by one counter that
/// runs on over all tensors, so that shards are even and every layer is spread over all of them. A pure function of the shapes and of S: the same
/// in every world.
/// </summary>
/// <remarks>A <em>range</em> is one layer's part of one shard, the unit in which gradients are sent and added; its number is layer * S + shard.</remarks>
public sealed class ParameterLayout
{
    /// <summary>Elements of a chunk; part of the numerics id, since the gradient's norm is summed by chunks.</summary>
    public const int ChunkElements = ChunkRange.MaxLength;

    /// <summary>Largest number of shards.</summary>
    public const int MaxShards = 65536;

    private readonly Dictionary<string, int> _indexOfName;
    private readonly int[] _tensorOfChunk;
    private readonly int[] _layerFirstChunk;
    private readonly long[] _shardElements;
    private readonly long[] _offsetInShard;

    /// <summary>Lays out the tensors.</summary>
    /// <exception cref="ArgumentException">
    /// No tensors, a name twice, an empty tensor, or layers that do not rise from 0 by steps of at most 1 in model order.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="shards"/> is not in 1 .. <see cref="MaxShards"/>.</exception>
    public ParameterLayout(IReadOnlyList<ParameterShape> tensors, int shards)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        ArgumentOutOfRangeException.ThrowIfLessThan(shards, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(shards, MaxShards);
        Shards = shards;
        Tensors = Place(tensors);
        _indexOfName = Tensors.ToDictionary(t => t.Name, t => t.Index, StringComparer.Ordinal);
        ParameterSlot last = Tensors[^1];
        Chunks = last.FirstChunk + last.Chunks;
        Elements = last.FirstElement + last.Elements;
        Layers = last.Tensor.Layer + 1;
        _tensorOfChunk = new int[Chunks];
        _layerFirstChunk = new int[Layers + 1];
        _layerFirstChunk[Layers] = Chunks;
        for (int t = Tensors.Length - 1; t >= 0; t--)
        {
            _tensorOfChunk.AsSpan(Tensors[t].FirstChunk, Tensors[t].Chunks).Fill(t);
            _layerFirstChunk[Tensors[t].Tensor.Layer] = Tensors[t].FirstChunk;
        }

        _shardElements = new long[shards];
        _offsetInShard = new long[Chunks];
        for (int c = 0; c < Chunks; c++)
        {
            _offsetInShard[c] = _shardElements[c % shards];
            _shardElements[c % shards] += ChunkAt(c).Length;
        }

        Hash = HashOf(Tensors, shards);
    }

    /// <summary>Tensors in model order.</summary>
    public ImmutableArray<ParameterSlot> Tensors { get; }

    /// <summary>S</summary>
    public int Shards { get; }

    /// <summary>Layers: embedding, blocks, head.</summary>
    public int Layers { get; }

    /// <summary>Chunks of all tensors.</summary>
    public int Chunks { get; }

    /// <summary>Elements of all tensors.</summary>
    public long Elements { get; }

    /// <summary>Ranges: layers times shards.</summary>
    public int Ranges => Layers * Shards;

    /// <summary>SHA-256, in hexadecimal, of names, shapes, order, S, the chunk size, and master and reduce types other than those of <see cref="Precision.Single"/>. Equal hashes mean equal shard files' contents.</summary>
    public string Hash { get; }

    /// <summary>A chunk by its number.</summary>
    public ParameterChunk ChunkAt(int chunk)
    {
        int tensor = _tensorOfChunk[chunk];
        ParameterSlot slot = Tensors[tensor];
        long offset = (long)(chunk - slot.FirstChunk) * ChunkElements;
        return new ParameterChunk(chunk, tensor, offset, (int)Math.Min(ChunkElements, slot.Elements - offset), slot.FirstElement + offset);
    }

    /// <summary>Shard that a chunk is dealt to.</summary>
    public int ShardOf(int chunk) => chunk % Shards;

    /// <summary>Layer of a chunk.</summary>
    public int LayerOf(int chunk) => Tensors[_tensorOfChunk[chunk]].Tensor.Layer;

    /// <summary>The k-th chunk of a shard, in chunk order.</summary>
    public int ChunkOfShard(int shard, int k) => shard + (k * Shards);

    /// <summary>Number of chunks of a shard.</summary>
    public int ChunksOfShard(int shard) => shard < Chunks ? ((Chunks - shard - 1) / Shards) + 1 : 0;

    /// <summary>Elements of a shard.</summary>
    public long ElementsOfShard(int shard) => _shardElements[shard];

    /// <summary>Elements of the shard's earlier chunks.</summary>
    public long OffsetInShard(int chunk) => _offsetInShard[chunk];

    /// <summary>First chunk of a layer; for the number of layers, the number of chunks.</summary>
    public int FirstChunkOfLayer(int layer) => _layerFirstChunk[layer];

    /// <summary>
    /// First chunk of a range; its others follow at distances of S as long as they lie below <see cref="FirstChunkOfLayer"/> of the next layer. At or
    /// above that limit: the range is empty.
    /// </summary>
    public int FirstChunkOfRange(int layer, int shard)
    {
        int first = _layerFirstChunk[layer];
        int ahead = (shard - (first % Shards) + Shards) % Shards;
        return first + ahead;
    }

    /// <summary>Elements of a range.</summary>
    public long ElementsOfRange(int layer, int shard)
    {
        long elements = 0;
        for (int c = FirstChunkOfRange(layer, shard); c < _layerFirstChunk[layer + 1]; c += Shards)
        {
            elements += ChunkAt(c).Length;
        }

        return elements;
    }

    /// <summary>Index of a tensor by name; -1 if there is none.</summary>
    public int IndexOf(string name) => _indexOfName.GetValueOrDefault(name, -1);

    /// <summary>Chunk that holds an element of a tensor.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The tensor has no such element.</exception>
    public ParameterChunk Find(int tensor, long element)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(element);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(element, Tensors[tensor].Elements);
        return ChunkAt(Tensors[tensor].FirstChunk + (int)(element / ChunkElements));
    }

    private static ImmutableArray<ParameterSlot> Place(IReadOnlyList<ParameterShape> tensors)
    {
        if (tensors.Count == 0)
        {
            throw new ArgumentException("A layout needs at least one tensor.", nameof(tensors));
        }

        ImmutableArray<ParameterSlot>.Builder slots = ImmutableArray.CreateBuilder<ParameterSlot>(tensors.Count);
        HashSet<string> names = new(StringComparer.Ordinal);
        long element = 0;
        long chunk = 0;
        int layer = 0;
        foreach (ParameterShape tensor in tensors)
        {
            long elements = tensor.Elements;
            if (elements <= 0 || !names.Add(tensor.Name))
            {
                throw new ArgumentException($"Tensor '{tensor.Name}' is {(elements <= 0 ? $"of {elements} elements" : "there twice")}.", nameof(tensors));
            }

            if (tensor.Layer != layer && (tensor.Layer != layer + 1 || slots.Count == 0))
            {
                throw new ArgumentException($"Tensor '{tensor.Name}' is in layer {tensor.Layer} after layer {layer}.", nameof(tensors));
            }

            layer = tensor.Layer;
            long chunks = ((elements - 1) / ChunkElements) + 1;
            if (chunk + chunks > Array.MaxLength)
            {
                throw new ArgumentException($"The tensors up to '{tensor.Name}' have more than {Array.MaxLength} chunks of {ChunkElements} elements.", nameof(tensors));
            }

            slots.Add(new ParameterSlot(slots.Count, tensor, element, (int)chunk, (int)chunks));
            element = checked(element + elements);
            chunk += chunks;
        }

        return slots.MoveToImmutable();
    }

    private static string HashOf(ImmutableArray<ParameterSlot> tensors, int shards)
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"layout 1\nchunk {ChunkElements}\nshards {shards}\n");
        foreach (ParameterSlot slot in tensors)
        {
            text.Append(slot.Name).Append('\t').AppendJoin('x', slot.Tensor.Shape);
            (DType master, DType reduce) = (slot.Tensor.Precision.Master, slot.Tensor.Precision.Reduce);
            if ((master, reduce) != (Precision.Single.Master, Precision.Single.Reduce))
            {
                text.Append(CultureInfo.InvariantCulture, $"\t{master}/{reduce}");
            }

            text.Append('\n');
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}

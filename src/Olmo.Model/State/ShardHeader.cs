using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Olmo.Model.Formats;

namespace Olmo.Model.State;

/// <summary>
/// The safetensors header of a shard file. One tensor per plane and model tensor, of shape [elements held], in the order planes, tensors, chunks; the metadata
/// say which chunks they are, so that a file can be read without knowing how the world looked. It holds no time, rank, generation or step.
/// </summary>
internal sealed class ShardHeader
{
    /// <summary>Value of the metadata key "format".</summary>
    public const string Format = "olmo-shard-1";

    /// <summary>Longest header read, bytes: the limit of the safetensors format.</summary>
    public const int MaxHeaderBytes = SafetensorsHeader.MaxJsonBytes;

    private static readonly string[] Prefixes = ["parameter/", "exp_avg/", "exp_avg_sq/"];

    private ShardHeader(string layout, int shard, int shards, ImmutableArray<StoredTensor> tensors)
    {
        LayoutHash = layout;
        Shard = shard;
        Shards = shards;
        Tensors = tensors;
    }

    /// <summary>Hash of the layout that it was written for.</summary>
    public string LayoutHash { get; }

    public int Shard { get; }

    /// <summary>S of the run that wrote it.</summary>
    public int Shards { get; }

    /// <summary>Parts in the order of the data.</summary>
    public ImmutableArray<StoredTensor> Tensors { get; }

    /// <summary>Bytes of the data section.</summary>
    public long DataBytes
    {
        get
        {
            long bytes = 0;
            foreach (StoredTensor tensor in Tensors)
            {
                bytes += tensor.Elements * sizeof(float);
            }

            return bytes;
        }
    }

    /// <summary>The header of a shard: a pure function of layout and shard.</summary>
    public static ShardHeader Of(ParameterLayout layout, int shard)
    {
        ImmutableArray<StoredTensor>.Builder tensors = ImmutableArray.CreateBuilder<StoredTensor>();
        long begin = 0;
        for (int plane = 0; plane < TrainingState.Planes; plane++)
        {
            foreach (ParameterSlot slot in layout.Tensors)
            {
                int first = (shard - (slot.FirstChunk % layout.Shards) + layout.Shards) % layout.Shards;
                if (first >= slot.Chunks)
                {
                    continue;
                }

                int chunks = ((slot.Chunks - first - 1) / layout.Shards) + 1;
                long elements = 0;
                for (int k = 0; k < chunks; k++)
                {
                    elements += layout.ChunkAt(slot.FirstChunk + first + (k * layout.Shards)).Length;
                }

                tensors.Add(new StoredTensor(slot.Name, plane, first, chunks, string.Join('x', slot.Tensor.Shape), begin, elements));
                begin += elements * sizeof(float);
            }
        }

        return new ShardHeader(layout.Hash, shard, layout.Shards, tensors.ToImmutable());
    }

    /// <summary>Length (u64), JSON, and spaces up to a multiple of 8 bytes.</summary>
    public byte[] ToBytes() => SafetensorsHeader.Plan(
        Tensors.Select(t => (Prefixes[t.Plane] + t.Name, SafetensorsType.F32, ImmutableArray.Create(t.Elements))), Metadata()).ToBytes();

    /// <summary>Reads the JSON part.</summary>
    /// <exception cref="ShardFormatException">Not a shard file, or its parts do not follow each other without a gap.</exception>
    public static ShardHeader Parse(ReadOnlyMemory<byte> json, string file)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return Parse(document.RootElement, file);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or OverflowException)
        {
            throw new ShardFormatException(file, $"its header cannot be read: {e.Message}", e);
        }
    }

    private static ShardHeader Parse(JsonElement root, string file)
    {
        JsonElement metadata = root.GetProperty("__metadata__");
        string format = metadata.GetProperty("format").GetString()!;
        int chunk = Number(metadata.GetProperty("chunk"));
        if (format != Format || chunk != ParameterLayout.ChunkElements)
        {
            throw new ShardFormatException(file, $"format '{format}' with chunks of {chunk} elements; this program reads '{Format}' with {ParameterLayout.ChunkElements}.");
        }

        ImmutableArray<StoredTensor>.Builder tensors = ImmutableArray.CreateBuilder<StoredTensor>();
        long end = 0;
        foreach (JsonProperty property in root.EnumerateObject())
        {
            if (property.NameEquals("__metadata__"))
            {
                continue;
            }

            StoredTensor tensor = ParseTensor(property, metadata);
            if (property.Value.GetProperty("dtype").GetString() != "F32" || tensor.Begin != end || tensor.Elements <= 0
                || property.Value.GetProperty("data_offsets")[1].GetInt64() != checked(end + (tensor.Elements * sizeof(float))))
            {
                throw new ShardFormatException(file, $"tensor '{property.Name}' is not F32 or does not begin at byte {end}, where the one before it ends.");
            }

            end += tensor.Elements * sizeof(float);
            tensors.Add(tensor);
        }

        return new ShardHeader(
            metadata.GetProperty("layout").GetString()!, Number(metadata.GetProperty("shard")), Number(metadata.GetProperty("shards")), tensors.ToImmutable());
    }

    private static StoredTensor ParseTensor(JsonProperty property, JsonElement metadata)
    {
        int plane = Array.FindIndex(Prefixes, p => property.Name.StartsWith(p, StringComparison.Ordinal));
        string name = plane < 0 ? throw new FormatException($"'{property.Name}' is no plane of a tensor.") : property.Name[Prefixes[plane].Length..];
        string[] place = metadata.GetProperty("chunks/" + name).GetString()!.Split(' ');
        if (place.Length != 3)
        {
            throw new FormatException($"'{string.Join(' ', place)}' does not name first chunk, number of chunks and shape.");
        }

        return new StoredTensor(
            name,
            plane,
            int.Parse(place[0], NumberStyles.None, CultureInfo.InvariantCulture),
            int.Parse(place[1], NumberStyles.None, CultureInfo.InvariantCulture),
            place[2],
            property.Value.GetProperty("data_offsets")[0].GetInt64(),
            property.Value.GetProperty("shape")[0].GetInt64());
    }

    private static int Number(JsonElement element) => int.Parse(element.GetString()!, NumberStyles.None, CultureInfo.InvariantCulture);

    private KeyValuePair<string, string>[] Metadata() =>
    [
        new("format", Format),
        new("layout", LayoutHash),
        new("shard", Shard.ToString(CultureInfo.InvariantCulture)),
        new("shards", Shards.ToString(CultureInfo.InvariantCulture)),
        new("chunk", ParameterLayout.ChunkElements.ToString(CultureInfo.InvariantCulture)),
        .. Tensors.Where(t => t.Plane == 0).Select(t => new KeyValuePair<string, string>(
            "chunks/" + t.Name, string.Create(CultureInfo.InvariantCulture, $"{t.FirstChunk} {t.Chunks} {t.Shape}"))),
    ];
}

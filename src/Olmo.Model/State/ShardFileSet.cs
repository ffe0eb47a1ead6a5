using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Olmo.Model.State;

/// <summary>The parameters in the shard files of a checkpoint, read by chunk without loading them. The streams stay with the caller.</summary>
public sealed class ShardFileSet : IChunkSource
{
    private readonly Dictionary<(int Tensor, int Chunk), (Stream Source, long At)> _places = [];

    private ShardFileSet(ParameterLayout layout) => Layout = layout;

    public ParameterLayout Layout { get; }

    /// <summary>Verifies each file's SHA-256 and notes where each chunk lies.</summary>
    /// <param name="layout">Layout of the model; its number of shards may differ from that of the files.</param>
    /// <param name="files">Seekable streams with their names and expected digests.</param>
    /// <exception cref="ShardDigestMismatchException">A file is not that of the manifest.</exception>
    /// <exception cref="ShardFormatException">A file does not fit the model.</exception>
    /// <exception cref="MissingShardDataException">A chunk is in none of the files.</exception>
    public static ShardFileSet Open(ParameterLayout layout, IReadOnlyList<(Stream Source, string File, string Sha256)> files)
    {
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(files);
        ShardFileSet set = new(layout);
        foreach ((Stream source, string file, string sha256) in files)
        {
            source.Position = 0;
            string found = Convert.ToHexStringLower(SHA256.HashData(source));
            if (!string.Equals(found, sha256, StringComparison.OrdinalIgnoreCase))
            {
                throw new ShardDigestMismatchException(file, sha256, found);
            }

            set.Note(source, file);
        }

        for (int c = 0; c < layout.Chunks; c++)
        {
            ParameterChunk chunk = layout.ChunkAt(c);
            if (!set._places.ContainsKey((chunk.Tensor, c - layout.Tensors[chunk.Tensor].FirstChunk)))
            {
                throw new MissingShardDataException(layout.Tensors[chunk.Tensor].Name, layout.ShardOf(c), layout.Chunks - set._places.Count);
            }
        }

        return set;
    }

    /// <inheritdoc/>
    public void ReadParameters(int chunk, Span<float> destination)
    {
        ParameterChunk at = Layout.ChunkAt(chunk);
        (Stream source, long position) = _places[(at.Tensor, chunk - Layout.Tensors[at.Tensor].FirstChunk)];
        source.Position = position;
        source.ReadExactly(MemoryMarshal.AsBytes(destination[..at.Length]));
    }

    private void Note(Stream source, string file)
    {
        byte[] length = new byte[8];
        source.Position = 0;
        source.ReadExactly(length);
        long bytes = BinaryPrimitives.ReadInt64LittleEndian(length);
        if (bytes < 2 || bytes > Math.Min(ShardHeader.MaxHeaderBytes, source.Length - 8))
        {
            throw new ShardFormatException(file, $"its header has {bytes} bytes.");
        }

        byte[] json = new byte[bytes];
        source.ReadExactly(json);
        ShardHeader header = ShardHeader.Parse(json, file);
        foreach (StoredTensor stored in header.Tensors)
        {
            int tensor = Layout.IndexOf(stored.Name);
            if (tensor < 0 || stored.Shape != string.Join('x', Layout.Tensors[tensor].Tensor.Shape))
            {
                throw new ShardFormatException(file, $"the model has no tensor '{stored.Name}' of shape {stored.Shape}.");
            }

            for (int k = 0; stored.Plane == 0 && k < stored.Chunks; k++)
            {
                // Only the last chunk of a tensor is short, so its position needs no sum.
                long at = 8 + bytes + stored.Begin + ((long)k * ParameterLayout.ChunkElements * sizeof(float));
                _places[(tensor, stored.FirstChunk + (k * header.Shards))] = (source, at);
            }
        }
    }
}

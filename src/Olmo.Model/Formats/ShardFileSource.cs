using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Olmo.Model.State;

namespace Olmo.Model.Formats;

/// <summary>
/// The parameters of a checkpoint, read chunk by chunk from its shard files; nothing but their headers is kept in memory. Digests are the caller's to verify. One thread at a time.
/// </summary>
public sealed class ShardFileSource : IChunkSource, IDisposable
{
    private readonly ShardPart[] _parts;

    /// <summary>Opens the shard files of a checkpoint and checks them against the layout.</summary>
    /// <param name="layout">Layout of the run.</param>
    /// <param name="open">Opens shard i for reading with seeks, and names it; this disposes it.</param>
    /// <exception cref="ShardFormatException">A file is not the shard of this layout.</exception>
    public ShardFileSource(ParameterLayout layout, Func<int, (Stream Stream, string Name)> open)
    {
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(open);
        Layout = layout;
        List<ShardPart> parts = [];
        try
        {
            for (int shard = 0; shard < layout.Shards; shard++)
            {
                (Stream stream, string name) = open(shard);
                parts.Add(new ShardPart(stream, name));
                parts[shard].ReadHeader(layout, shard);
            }

            _parts = [.. parts];
        }
        catch
        {
            parts.ForEach(p => p.Stream.Dispose());
            throw;
        }
    }

    /// <inheritdoc/>
    public ParameterLayout Layout { get; }

    /// <inheritdoc/>
    /// <exception cref="ShardFormatException">The file of its shard does not hold it.</exception>
    public void ReadParameters(int chunk, Span<float> destination)
    {
        ParameterChunk at = Layout.ChunkAt(chunk);
        _parts[Layout.ShardOf(chunk)].Read(Layout, at, destination[..at.Length]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (ShardPart part in _parts)
        {
            part.Stream.Dispose();
        }
    }

    private sealed class ShardPart(Stream stream, string name)
    {
        private readonly Dictionary<string, StoredTensor> _tensors = new(StringComparer.Ordinal);
        private long _dataStart;

        public Stream Stream => stream;

        public void ReadHeader(ParameterLayout layout, int shard)
        {
            byte[] prefix = new byte[sizeof(long)];
            ReadFully(prefix);
            long bytes = BinaryPrimitives.ReadInt64LittleEndian(prefix);
            if (bytes is < 2 or > ShardHeader.MaxHeaderBytes)
            {
                throw new ShardFormatException(name, $"its header has {bytes} bytes; at most {ShardHeader.MaxHeaderBytes} are allowed.");
            }

            byte[] json = new byte[bytes];
            ReadFully(json);
            ShardHeader header = ShardHeader.Parse(json, name);
            if (header.LayoutHash != layout.Hash || header.Shard != shard || header.Shards != layout.Shards)
            {
                throw new ShardFormatException(
                    name, $"it is shard {header.Shard} of {header.Shards} of layout {header.LayoutHash}; shard {shard} of {layout.Shards} of layout {layout.Hash} is needed.");
            }

            _dataStart = sizeof(long) + bytes;
            foreach (StoredTensor tensor in header.Tensors.Where(t => t.Plane == 0))
            {
                _tensors.Add(tensor.Name, tensor);
            }
        }

        public void Read(ParameterLayout layout, ParameterChunk chunk, Span<float> destination)
        {
            ParameterSlot slot = layout.Tensors[chunk.Tensor];
            int inTensor = chunk.Index - slot.FirstChunk;
            if (!_tensors.TryGetValue(slot.Name, out StoredTensor? stored) || (inTensor - stored.FirstChunk) / layout.Shards >= stored.Chunks || inTensor < stored.FirstChunk)
            {
                throw new ShardFormatException(name, $"it lacks chunk {inTensor} of tensor '{slot.Name}'.");
            }

            // Only the last chunk of a tensor is short, and it is the last of its shard too.
            long before = (long)((inTensor - stored.FirstChunk) / layout.Shards) * ParameterLayout.ChunkElements;
            stream.Position = _dataStart + stored.Begin + (before * sizeof(float));
            ReadFully(MemoryMarshal.AsBytes(destination));
        }

        private void ReadFully(Span<byte> bytes)
        {
            try
            {
                stream.ReadExactly(bytes);
            }
            catch (EndOfStreamException e)
            {
                throw new ShardFormatException(name, $"it ends before byte {stream.Position + bytes.Length}.", e);
            }
        }
    }
}

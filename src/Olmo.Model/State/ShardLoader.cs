using System.Buffers.Binary;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Olmo.Model.State;

/// <summary>
/// Fills a state from the shard files of a checkpoint, of any number of shards: what a file holds and the state owns is taken. After any exception the state
/// is not to be used: fall back to another checkpoint and load it whole.
/// </summary>
/// <param name="state">The state to fill.</param>
/// <param name="working">Where given, the parameters of all files go there too, owned or not.</param>
public sealed class ShardLoader(TrainingState state, WorkingParameters? working = null)
{
    private const byte All = (1 << TrainingState.Planes) - 1;
    private readonly byte[] _planesOfChunk = new byte[state.Layout.Chunks];

    /// <summary>Reads one file from its start, verifying its SHA-256 on the way.</summary>
    /// <exception cref="ShardDigestMismatchException">The bytes are not those of the manifest, whatever else is wrong with them.</exception>
    /// <exception cref="ShardFormatException">They are, but the file does not fit the model.</exception>
    public void Read(Stream source, string file, string expectedSha256)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(expectedSha256);
        using HashedReader reader = new(source, file);
        ExceptionDispatchInfo? malformed = null;
        try
        {
            ReadTensors(reader, file);
        }
        catch (ShardFormatException e)
        {
            // Whether the bytes are the right ones is the first question: it is answered before this one.
            malformed = ExceptionDispatchInfo.Capture(e);
        }

        (string found, long left) = reader.Finish();
        if (!string.Equals(found, expectedSha256, StringComparison.OrdinalIgnoreCase))
        {
            throw new ShardDigestMismatchException(file, expectedSha256, found);
        }

        malformed?.Throw();
        if (left != 0)
        {
            throw new ShardFormatException(file, $"{left} bytes follow its data.");
        }
    }

    /// <summary>Checks that everything was there, takes over the progress and computes the digests of the state.</summary>
    /// <exception cref="MissingShardDataException">A chunk that the state owns, or that the working parameters need, was in no file.</exception>
    /// <exception cref="InvalidDataException">The progress cannot be read.</exception>
    public void Complete(ReadOnlySpan<byte> progress)
    {
        int first = -1;
        long missing = 0;
        for (int c = 0; c < _planesOfChunk.Length; c++)
        {
            bool needed = working is not null || state.Placement.OffsetOf(c) >= 0;
            if (needed && _planesOfChunk[c] != All)
            {
                first = first < 0 ? c : first;
                missing++;
            }
        }

        if (missing > 0)
        {
            throw new MissingShardDataException(
                state.Layout.Tensors[state.Layout.ChunkAt(first).Tensor].Name, state.Layout.ShardOf(first), missing);
        }

        state.Progress.Restore(progress);
        state.RefreshDigests();
    }

    private void ReadTensors(HashedReader reader, string file)
    {
        ShardHeader header = ReadHeader(reader, file);
        float[] block = new float[ParameterLayout.ChunkElements];
        foreach (StoredTensor stored in header.Tensors)
        {
            ParameterSlot slot = Match(stored, header, file);
            long left = stored.Elements;
            for (int k = 0; k < stored.Chunks; k++)
            {
                long inTensor = stored.FirstChunk + ((long)k * header.Shards);
                if (inTensor >= slot.Chunks)
                {
                    throw new ShardFormatException(file, $"'{stored.Name}' has no chunk {inTensor}.");
                }

                ParameterChunk chunk = state.Layout.ChunkAt(slot.FirstChunk + (int)inTensor);
                Span<float> values = block.AsSpan(0, chunk.Length);
                reader.ReadExactly(MemoryMarshal.AsBytes(values));
                left -= chunk.Length;
                Take(stored.Plane, chunk, values);
            }

            if (left != 0)
            {
                throw new ShardFormatException(file, $"'{stored.Name}' is given with {stored.Elements} elements for {stored.Chunks} chunks.");
            }
        }
    }

    private static ShardHeader ReadHeader(HashedReader reader, string file)
    {
        byte[] length = new byte[8];
        reader.ReadExactly(length);
        long bytes = BinaryPrimitives.ReadInt64LittleEndian(length);
        if (bytes is < 2 or > ShardHeader.MaxHeaderBytes)
        {
            throw new ShardFormatException(file, $"its header has {bytes} bytes; at most {ShardHeader.MaxHeaderBytes} are allowed.");
        }

        byte[] json = new byte[bytes];
        reader.ReadExactly(json);
        return ShardHeader.Parse(json, file);
    }

    private ParameterSlot Match(StoredTensor stored, ShardHeader header, string file)
    {
        int index = state.Layout.IndexOf(stored.Name);
        if (index < 0)
        {
            throw new ShardFormatException(file, $"the model has no tensor '{stored.Name}'.");
        }

        ParameterSlot slot = state.Layout.Tensors[index];
        string shape = string.Join('x', slot.Tensor.Shape);
        if (stored.Shape != shape || header.Shards < 1)
        {
            throw new ShardFormatException(file, $"tensor '{stored.Name}' has shape {stored.Shape}; the model's has {shape}.");
        }

        return slot;
    }

    private void Take(int plane, in ParameterChunk chunk, ReadOnlySpan<float> values)
    {
        _planesOfChunk[chunk.Index] |= (byte)(1 << plane);
        if (state.Placement.OffsetOf(chunk.Index) >= 0)
        {
            state.Write(plane, chunk.Index, values);
        }

        if (plane == 0 && working is not null)
        {
            working.Write(chunk.Tensor, chunk.Offset, values);
        }
    }
}

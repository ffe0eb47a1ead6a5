using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace Olmo.Model.State;

/// <summary>The weights of a whole model as one file, and their digest.</summary>
public static class WeightExport
{
    /// <summary>
    /// SHA-256, lower-case hexadecimal, of the weights: every tensor in layout order as little-endian fp32. It does not depend on S, world or file format.
    /// </summary>
    public static string Digest(IChunkSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Visit(source, hash.AppendData);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Writes a single safetensors file with the tensors in layout order, as Hugging Face tools load it.</summary>
    /// <param name="source">The weights.</param>
    /// <param name="destination">Written from front to back.</param>
    /// <returns>SHA-256 of the bytes written, lower-case hexadecimal.</returns>
    public static string WriteSafetensors(IChunkSource source, Stream destination)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(destination);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] header = HeaderOf(source.Layout);
        hash.AppendData(header);
        destination.Write(header);
        Visit(source, bytes =>
        {
            hash.AppendData(bytes);
            destination.Write(bytes);
        });
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private delegate void Sink(ReadOnlySpan<byte> bytes);

    private static void Visit(IChunkSource source, Sink sink)
    {
        if (!BitConverter.IsLittleEndian)
        {
            throw new PlatformNotSupportedException("Weights are written little-endian; this machine is big-endian.");
        }

        float[] values = new float[ParameterLayout.ChunkElements];
        for (int c = 0; c < source.Layout.Chunks; c++)
        {
            Span<float> chunk = values.AsSpan(0, source.Layout.ChunkAt(c).Length);
            source.ReadParameters(c, chunk);
            sink(MemoryMarshal.AsBytes(chunk));
        }
    }

    private static byte[] HeaderOf(ParameterLayout layout)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            json.WriteString("format", "pt");
            json.WriteEndObject();
            foreach (ParameterSlot slot in layout.Tensors)
            {
                json.WriteStartObject(slot.Name);
                json.WriteString("dtype", "F32");
                json.WriteStartArray("shape");
                foreach (long length in slot.Tensor.Shape)
                {
                    json.WriteNumberValue(length);
                }

                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(slot.FirstElement * sizeof(float));
                json.WriteNumberValue((slot.FirstElement + slot.Elements) * sizeof(float));
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        int padded = (buffer.WrittenCount + 7) & ~7;
        byte[] bytes = new byte[8 + padded];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, padded);
        buffer.WrittenSpan.CopyTo(bytes.AsSpan(8));
        bytes.AsSpan(8 + buffer.WrittenCount).Fill((byte)' ');
        return bytes;
    }
}

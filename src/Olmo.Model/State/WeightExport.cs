using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Olmo.Model.Formats;

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

    private static byte[] HeaderOf(ParameterLayout layout) => SafetensorsHeader.Plan(
        layout.Tensors.Select(slot => (slot.Name, SafetensorsType.F32, slot.Tensor.Shape)), new KeyValuePair<string, string>("format", "pt")).ToBytes();
}

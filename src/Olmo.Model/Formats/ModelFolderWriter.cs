using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Olmo.Data.Files;
using Olmo.Model.Models;

namespace Olmo.Model.Formats;

/// <summary>
/// Writes a new model folder. It is filled under a temporary name, flushed and renamed: it appears whole or not at all. Weights stream through; memory does not grow with the model.
/// </summary>
/// <param name="parameters">The model.</param>
/// <param name="format">How weights are stored.</param>
/// <param name="read">Its weights.</param>
/// <param name="origin">Where they come from, for messages.</param>
public sealed class ModelFolderWriter(ParameterList parameters, ModelFolderFormat format, ParameterReader read, string origin)
{
    private const int BlockElements = 1 << 18;

    // Magnitudes, as bits, from which on a type holds infinity only (rounding to nearest, ties to even).
    private const uint Infinity = 0x7F80_0000;
    private const uint BFloat16Limit = 0x7F7F_8000;
    private const uint HalfLimit = 0x477F_F000;

    /// <summary>
    /// Writes the folder.
    /// </summary>
    /// <param name="path">Folder, missing or empty.</param>
    /// <param name="files">Gives the other files, config.json among them, from the digest of the weights: SHA-256 over all of them in order as little-endian fp32.</param>
    /// <param name="cancellationToken">Leaves nothing.</param>
    /// <returns>The digest, lower-case hexadecimal.</returns>
    /// <exception cref="HuggingFaceException">The folder is there and not empty, or an element is not finite in the type that is written.</exception>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public string Write(string path, Func<string, IEnumerable<ModelFolderFile>> files, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(files);
        string target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        string partial = target + DurableFile.PartialSuffix;
        if (File.Exists(target) || (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any()))
        {
            throw new HuggingFaceException(path, "is there already; a folder that is missing or empty is needed.");
        }

        Remove(partial);
        Directory.CreateDirectory(partial);
        try
        {
            string digest = WriteWeights(partial, cancellationToken);
            foreach (ModelFolderFile file in files(digest))
            {
                DurableFile.WriteAllBytes(Path.Combine(partial, file.Name), file.Content.Span);
            }

            if (Directory.Exists(target))
            {
                Directory.Delete(target);
            }

            DurableFile.MoveFolder(partial, target);
            return digest;
        }
        catch
        {
            Remove(partial);
            throw;
        }
    }

    private static void Remove(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private string WriteWeights(string folder, CancellationToken cancellationToken)
    {
        ImmutableArray<WeightFile> files = WeightFile.Plan(parameters, format);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        float[] block = new float[BlockElements];
        foreach (WeightFile file in files)
        {
            using SafetensorsWriter writer = new(
                Path.Combine(folder, file.Name),
                parameters.Specs[file.First..file.End].Select(s => (s.Name, format.Type, ImmutableArray.Create(s.Shape.ToArray()))),
                KeyValuePair.Create("format", "pt"));
            for (int p = file.First; p < file.End; p++)
            {
                long count = parameters.Specs[p].Shape.Count;
                for (long first = 0; first < count; first += block.Length)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    Span<float> part = block.AsSpan(0, (int)Math.Min(block.Length, count - first));
                    read(p, first, part);
                    RequireFinite(parameters.Specs[p].Name, first, part);
                    hash.AppendData(MemoryMarshal.AsBytes(part));
                    writer.WriteSingles(part);
                }
            }

            writer.Commit();
        }

        if (files.Length > 1)
        {
            DurableFile.WriteAllBytes(Path.Combine(folder, HuggingFaceFolder.IndexFile), IndexOf(files));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private void RequireFinite(string name, long first, ReadOnlySpan<float> values)
    {
        uint limit = format.Type switch
        {
            SafetensorsType.F32 => Infinity,
            SafetensorsType.BF16 => BFloat16Limit,
            SafetensorsType.F16 => HalfLimit,
            _ => throw new InvalidOperationException($"Weights are written as F32, BF16 or F16, not as {format.Type.Name()}."),
        };
        ReadOnlySpan<uint> bits = MemoryMarshal.Cast<float, uint>(values);
        uint largest = 0;
        for (int i = 0; i < bits.Length; i++)
        {
            largest = Math.Max(largest, bits[i] & 0x7FFF_FFFF);
        }

        for (int i = 0; largest >= limit && i < bits.Length; i++)
        {
            if ((bits[i] & 0x7FFF_FFFF) >= limit)
            {
                string value = values[i].ToString("R", CultureInfo.InvariantCulture);
                string most = BitConverter.UInt32BitsToSingle(limit).ToString("R", CultureInfo.InvariantCulture);
                throw new HuggingFaceException(origin, $"element {first + i} of tensor '{name}' is {value}; a number of magnitude below {most} is needed in {format.Type.Name()}.");
            }
        }
    }

    private byte[] IndexOf(ImmutableArray<WeightFile> files)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteStartObject("metadata");
            json.WriteNumber("total_parameters", parameters.Elements);
            json.WriteNumber("total_size", files.Sum(f => f.SizeBytes));
            json.WriteEndObject();
            json.WriteStartObject("weight_map");
            foreach (WeightFile file in files)
            {
                for (int p = file.First; p < file.End; p++)
                {
                    json.WriteString(parameters.Specs[p].Name, file.Name);
                }
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }
}

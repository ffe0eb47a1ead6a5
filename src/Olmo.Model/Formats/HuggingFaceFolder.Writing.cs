using System.Collections.Immutable;
using Olmo.Data.Files;
using Olmo.Model.Models;
using Olmo.Model.State;
using Olmo.Model.Tensors;

namespace Olmo.Model.Formats;

public sealed partial class HuggingFaceFolder
{
    /// <summary>
    /// Writes model.safetensors, generation_config.json and, last, config.json; the folder is made where it is missing, files of an earlier export are replaced.
    /// </summary>
    /// <param name="path">Folder.</param>
    /// <param name="weights">The weights.</param>
    /// <param name="type">Type to write: F32, BF16 or F16 (nearest, ties to even).</param>
    /// <param name="companions">Files, such as those of the tokenizer, that are copied into the folder under their own names.</param>
    public static void Export(string path, ResidentWeights weights, SafetensorsType type = SafetensorsType.F32, IReadOnlyList<string>? companions = null)
    {
        ArgumentNullException.ThrowIfNull(weights);
        Export(
            path,
            weights.Parameters,
            (parameter, first, destination) => weights.Provider.Read(weights[parameter].View(first, new Shape(destination.Length)), destination),
            type,
            companions);
    }

    /// <summary>As the other, from the parameters of a checkpoint or of a living state.</summary>
    /// <param name="path">Folder.</param>
    /// <param name="parameters">The model.</param>
    /// <param name="source">Its parameters.</param>
    /// <param name="type">Type to write: F32, BF16 or F16.</param>
    /// <param name="companions">Files that are copied into the folder under their own names.</param>
    /// <exception cref="ArgumentException">The source is of another model.</exception>
    public static void Export(
        string path, ParameterList parameters, IChunkSource source, SafetensorsType type = SafetensorsType.F32, IReadOnlyList<string>? companions = null)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(source);
        if (parameters.Layout(source.Layout.Shards).Hash != source.Layout.Hash)
        {
            throw new ArgumentException("The source has the layout of another model.", nameof(source));
        }

        Export(path, parameters, Reader(source), type, companions);
    }

    /// <summary>Reads parameters of a checkpoint or of a living state.</summary>
    /// <param name="source">Where their chunks are.</param>
    public static ParameterReader Reader(IChunkSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        float[] chunk = new float[ParameterLayout.ChunkElements];
        return (parameter, first, destination) =>
        {
            for (int done = 0; done < destination.Length;)
            {
                ParameterChunk part = source.Layout.Find(parameter, first + done);
                int from = (int)(first + done - part.Offset);
                int count = Math.Min(part.Length - from, destination.Length - done);
                source.ReadParameters(part.Index, chunk.AsSpan(0, part.Length));
                chunk.AsSpan(from, count).CopyTo(destination[done..]);
                done += count;
            }
        };
    }

    private static void Export(string path, ParameterList parameters, ParameterReader read, SafetensorsType type, IReadOnlyList<string>? companions)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string config = Path.Combine(path, ConfigFile);
        byte[] configBytes = HuggingFaceConfig.Write(parameters.Config, type);
        Directory.CreateDirectory(path);
        File.Delete(config);
        DurableFile.FlushFolder(path);
        using (SafetensorsWriter writer = new(
            Path.Combine(path, SingleFile),
            parameters.Specs.Select(s => (s.Name, type, ImmutableArray.Create(s.Shape.ToArray()))),
            KeyValuePair.Create("format", "pt")))
        {
            float[] block = new float[BlockElements];
            for (int p = 0; p < parameters.Specs.Length; p++)
            {
                long count = parameters.Specs[p].Shape.Count;
                for (long first = 0; first < count; first += block.Length)
                {
                    Span<float> part = block.AsSpan(0, (int)Math.Min(block.Length, count - first));
                    read(p, first, part);
                    writer.WriteSingles(part);
                }
            }

            writer.Commit();
        }

        foreach (string companion in companions ?? [])
        {
            DurableFile.WriteAllBytes(Path.Combine(path, Path.GetFileName(companion)), File.ReadAllBytes(companion));
        }

        DurableFile.WriteAllBytes(Path.Combine(path, GenerationFile), HuggingFaceConfig.WriteGeneration(parameters.Config));
        DurableFile.WriteAllBytes(config, configBytes);
    }
}

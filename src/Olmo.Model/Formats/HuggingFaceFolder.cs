using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Olmo.Model.Models;
using Olmo.Model.Tensors;

namespace Olmo.Model.Formats;

/// <summary>
/// A model folder as transformers writes it: <c>config.json</c> and one <c>model.safetensors</c>, or several files with an index. fp32, bf16 and fp16 weights
/// are read and written. While a folder is being written it has no <c>config.json</c>, so that nothing half-written loads.
/// </summary>
public sealed partial class HuggingFaceFolder : IDisposable
{
    /// <summary>Sizes and constants of the model.</summary>
    public const string ConfigFile = "config.json";

    /// <summary>Weights where they are in one file.</summary>
    public const string SingleFile = "model.safetensors";

    /// <summary>Says which file holds a tensor, where there are several.</summary>
    public const string IndexFile = "model.safetensors.index.json";

    /// <summary>Settings of generation.</summary>
    public const string GenerationFile = "generation_config.json";

    private const int BlockElements = 1 << 18;
    private readonly Dictionary<string, SafetensorsReader> _fileOfTensor = new(StringComparer.Ordinal);
    private readonly List<SafetensorsReader> _files = [];
    private readonly string _path;

    private HuggingFaceFolder(string path, OlmoConfig config)
    {
        _path = path;
        Parameters = new ParameterList(config);
    }

    /// <summary>The model.</summary>
    public ParameterList Parameters { get; }

    /// <summary>The type that all weights are stored in; null: they are of several.</summary>
    public SafetensorsType? StoredType
    {
        get
        {
            SafetensorsType[] types = [.. Parameters.Specs.Select(s => _fileOfTensor[s.Name].Find(s.Name).Type).Distinct()];
            return types.Length == 1 ? types[0] : null;
        }
    }

    /// <summary>Opens a folder and checks that every parameter is there with its shape, and nothing else.</summary>
    /// <exception cref="HuggingFaceException">A file, key or tensor is missing, unknown or of another shape.</exception>
    /// <exception cref="SafetensorsFormatException">A weight file is malformed.</exception>
    public static HuggingFaceFolder Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string config = Path.Combine(path, ConfigFile);
        if (!File.Exists(config))
        {
            throw new HuggingFaceException(path, "there is no config.json.");
        }

        HuggingFaceFolder folder = new(path, HuggingFaceConfig.Read(config));
        try
        {
            folder.OpenFiles();
            folder.CheckTensors();
            return folder;
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>Reads all weights into a provider's memory.</summary>
    public ResidentWeights Load(ITensorProvider provider)
    {
        ResidentWeights weights = new(provider, Parameters);
        try
        {
            Fill(weights);
            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>Reads all weights into those of a model with the same parameters.</summary>
    /// <param name="weights">Filled.</param>
    /// <param name="hash">Is given all of them in order, as little-endian fp32.</param>
    /// <exception cref="ArgumentException">The model has other parameters.</exception>
    public void Fill(ResidentWeights weights, IncrementalHash? hash = null)
    {
        ArgumentNullException.ThrowIfNull(weights);
        if (!weights.Parameters.Specs.Select(s => (s.Name, s.Shape)).SequenceEqual(Parameters.Specs.Select(s => (s.Name, s.Shape))))
        {
            throw new ArgumentException($"The weights are of a model with other parameters than '{_path}'.", nameof(weights));
        }

        float[] block = new float[BlockElements];
        for (int p = 0; p < Parameters.Specs.Length; p++)
        {
            long count = Parameters.Specs[p].Shape.Count;
            for (long first = 0; first < count; first += block.Length)
            {
                Span<float> part = block.AsSpan(0, (int)Math.Min(block.Length, count - first));
                Read(p, first, part);
                hash?.AppendData(MemoryMarshal.AsBytes(part));
                weights.Provider.Write<float>(weights[p].View(first, new Shape(part.Length)), part);
            }
        }
    }

    /// <summary>Reads all weights into a provider's memory, matrices in its own order: for generation.</summary>
    /// <param name="provider">Device.</param>
    /// <param name="type">How matrices are stored there: F32, BF16, or null: as in the files, fp16 as F32.</param>
    public PackedWeights LoadPacked(ITensorProvider provider, DType? type = null)
    {
        PackedWeights weights = new(provider, Parameters, type ?? TypeOfMatrices());
        try
        {
            weights.Fill(Read);
            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>Reads elements of a parameter.</summary>
    /// <param name="parameter">Index in <see cref="Parameters"/>.</param>
    /// <param name="first">First element.</param>
    /// <param name="destination">Where they go.</param>
    public void Read(int parameter, long first, Span<float> destination)
    {
        string name = Parameters.Specs[parameter].Name;
        SafetensorsReader file = _fileOfTensor[name];
        file.ReadSingles(file.Find(name), first, destination);
    }

    /// <summary>Closes the files.</summary>
    public void Dispose()
    {
        foreach (SafetensorsReader file in _files)
        {
            file.Dispose();
        }
    }

    // bf16 only where every matrix is: others would lose bits.
    private DType TypeOfMatrices() =>
        Parameters.Specs.All(s => s.Shape.Rank == 1 || _fileOfTensor[s.Name].Find(s.Name).Type == SafetensorsType.BF16) ? DType.BF16 : DType.F32;

    private void OpenFiles()
    {
        string single = Path.Combine(_path, SingleFile);
        string index = Path.Combine(_path, IndexFile);
        if (File.Exists(single))
        {
            SafetensorsReader file = OpenFile(single);
            foreach (SafetensorsTensor tensor in file.Tensors)
            {
                _fileOfTensor.Add(tensor.Name, file);
            }
        }
        else if (File.Exists(index))
        {
            OpenIndexed(index);
        }
        else
        {
            throw new HuggingFaceException(_path, $"there is neither {SingleFile} nor {IndexFile}.");
        }
    }

    private void OpenIndexed(string index)
    {
        using JsonDocument document = ParseIndex(index);
        Dictionary<string, SafetensorsReader> byName = new(StringComparer.Ordinal);
        foreach (JsonProperty entry in document.RootElement.GetProperty("weight_map").EnumerateObject())
        {
            string name = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString()! : string.Empty;
            if (name.Length == 0 || name != Path.GetFileName(name))
            {
                throw new HuggingFaceException(index, $"tensor '{entry.Name}' is mapped to '{entry.Value}', which is no file name.");
            }

            if (!byName.TryGetValue(name, out SafetensorsReader? file))
            {
                string path = Path.Combine(_path, name);
                file = File.Exists(path) ? OpenFile(path) : throw new HuggingFaceException(index, $"the file '{name}' of tensor '{entry.Name}' is missing.");
                byName.Add(name, file);
            }

            if (!file.TryFind(entry.Name, out _))
            {
                throw new HuggingFaceException(index, $"tensor '{entry.Name}' is not in the file '{name}' that it is mapped to.");
            }

            _fileOfTensor[entry.Name] = file;
        }
    }

    private static JsonDocument ParseIndex(string index)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(File.ReadAllBytes(index));
        }
        catch (JsonException e)
        {
            throw new HuggingFaceException(index, $"not valid JSON: {e.Message}", e);
        }

        if (document.RootElement.ValueKind == JsonValueKind.Object
            && document.RootElement.TryGetProperty("weight_map", out JsonElement map)
            && map.ValueKind == JsonValueKind.Object)
        {
            return document;
        }

        document.Dispose();
        throw new HuggingFaceException(index, "the object 'weight_map' is missing.");
    }

    private SafetensorsReader OpenFile(string path)
    {
        SafetensorsReader file = SafetensorsReader.Open(path);
        _files.Add(file);
        return file;
    }

    private void CheckTensors()
    {
        HashSet<string> known = new(StringComparer.Ordinal);
        foreach (ParameterSpec spec in Parameters.Specs)
        {
            known.Add(spec.Name);
            if (!_fileOfTensor.TryGetValue(spec.Name, out SafetensorsReader? file))
            {
                throw new HuggingFaceException(_path, $"the weights lack the tensor '{spec.Name}' {spec.Shape}.");
            }

            SafetensorsTensor tensor = file.Find(spec.Name);
            if (!tensor.Shape.AsSpan().SequenceEqual(spec.Shape.ToArray()))
            {
                throw new HuggingFaceException(file.Path, $"tensor '{spec.Name}' has the shape {tensor.ShapeText}; config.json says {spec.Shape}.");
            }

            if (tensor.Type is not (SafetensorsType.F32 or SafetensorsType.F16 or SafetensorsType.BF16))
            {
                throw new HuggingFaceException(file.Path, $"tensor '{spec.Name}' is {tensor.Type.Name()}; F32, F16 or BF16 is needed.");
            }
        }

        foreach (string name in _fileOfTensor.Keys)
        {
            bool ignored = name.EndsWith("rotary_emb.inv_freq", StringComparison.Ordinal)
                || (Parameters.Config.TiedEmbeddings && name == "lm_head.weight");
            if (!ignored && !known.Contains(name))
            {
                throw new HuggingFaceException(_path, $"the weights hold the tensor '{name}', which a {Parameters.Config.Family} model of this config.json does not have.");
            }
        }
    }
}

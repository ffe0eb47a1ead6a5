using System.Collections.Immutable;
using System.Text.Json;
using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Formats;
using Olmo.Model.Models;
using Olmo.Model.State;
using Olmo.Tests;
using Xunit;

namespace Olmo.Model.Tests.Formats;

public sealed class HuggingFaceFolderTests : IDisposable
{
    private static readonly OlmoConfig Tiny = new()
    {
        Family = ModelFamily.Olmo2,
        Width = 8,
        Layers = 1,
        Heads = 2,
        KeyHeads = 1,
        HeadWidth = 4,
        FeedForward = 6,
        Vocabulary = 11,
        ContextLength = 32,
        EosTokenId = 9,
        PadTokenId = 10,
    };

    private readonly ComputePool _pool = new(1);
    private readonly CpuProvider _provider;
    private readonly TemporaryFolder _folder = new();

    public HuggingFaceFolderTests() => _provider = new CpuProvider(_pool, SimdWidths.Best);

    public static TheoryData<string> Golden => ["olmo1-tiny", "olmo1-clip-gqa", "olmo2-tiny", "olmo2-gqa", "olmo2-deep", "olmo2-fp16", "olmo3-tiny", "olmo3-yarn"];

    public void Dispose()
    {
        _folder.Dispose();
        _provider.Dispose();
        _pool.Dispose();
    }

    [ReferenceTheory]
    [MemberData(nameof(Golden))]
    public void Load_GoldenFolder_GivesTheValuesOfItsFiles(string name)
    {
        string path = ReferenceData.PathOf("golden", "models", name);
        using HuggingFaceFolder folder = HuggingFaceFolder.Open(path);
        using ResidentWeights weights = folder.Load(_provider);
        int tensors = 0;
        foreach (string file in Directory.GetFiles(path, "model*.safetensors"))
        {
            using SafetensorsReader reader = SafetensorsReader.Open(file);
            foreach (SafetensorsTensor tensor in reader.Tensors)
            {
                int index = IndexOf(folder.Parameters, tensor.Name);
                Assert.Equal(tensor.Shape.ToArray(), folder.Parameters.Specs[index].Shape.ToArray());
                byte[] bytes = new byte[tensor.SizeBytes];
                reader.ReadBytes(tensor, 0, bytes);
                float[] values = new float[tensor.Elements];
                _provider.Read<float>(weights[index], values);
                for (int i = 0; i < values.Length; i++)
                {
                    Assert.Equal(BitConverter.SingleToUInt32Bits(Widened(tensor.Type, bytes, i)), BitConverter.SingleToUInt32Bits(values[i]));
                }

                tensors++;
            }
        }

        Assert.Equal(folder.Parameters.Specs.Length, tensors);
    }

    [ReferenceTheory]
    [InlineData("olmo1-tiny", SafetensorsType.F32)]
    [InlineData("olmo2-deep", SafetensorsType.BF16)]
    [InlineData("olmo2-fp16", SafetensorsType.F16)]
    [InlineData("olmo3-yarn", SafetensorsType.F32)]
    public void Export_LoadedFolderInItsOwnType_GivesEveryTensorsBytesAndTheSameModel(string name, SafetensorsType type)
    {
        string path = ReferenceData.PathOf("golden", "models", name);
        using HuggingFaceFolder folder = HuggingFaceFolder.Open(path);
        using ResidentWeights weights = folder.Load(_provider);
        string target = _folder.File("export");
        HuggingFaceFolder.Export(target, weights, type);
        using HuggingFaceFolder back = HuggingFaceFolder.Open(target);
        Assert.Equal(folder.Parameters.Config, back.Parameters.Config);
        using SafetensorsReader written = SafetensorsReader.Open(Path.Combine(target, "model.safetensors"));
        Assert.Equal([KeyValuePair.Create("format", "pt")], written.Metadata.ToArray());
        foreach (string file in Directory.GetFiles(path, "model*.safetensors"))
        {
            using SafetensorsReader reader = SafetensorsReader.Open(file);
            foreach (SafetensorsTensor tensor in reader.Tensors)
            {
                Assert.Equal(type, tensor.Type);
                Assert.Equal(Bytes(reader, tensor.Name), Bytes(written, tensor.Name));
            }
        }
    }

    [Fact]
    public void Export_Always_WritesConfigsCompanionsAndNothingElse()
    {
        string tokenizer = _folder.Write("tokenizer.json", "{}"u8);
        string target = _folder.File("export");
        using ResidentWeights weights = Weights(Tiny, 1.0f);
        HuggingFaceFolder.Export(target, weights, SafetensorsType.BF16, [tokenizer]);
        Assert.Equal(
            ["config.json", "generation_config.json", "model.safetensors", "tokenizer.json"],
            Directory.GetFiles(target).Select(p => Path.GetFileName(p)).Order(StringComparer.Ordinal));
        using JsonDocument config = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(target, "config.json")));
        Assert.Equal("bfloat16", config.RootElement.GetProperty("torch_dtype").GetString());
        using JsonDocument generation = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(target, "generation_config.json")));
        Assert.Equal(9, generation.RootElement.GetProperty("eos_token_id").GetInt32());
        Assert.Equal(10, generation.RootElement.GetProperty("pad_token_id").GetInt32());
    }

    [Fact]
    public void Export_OverAnEarlierFolder_ReplacesItAndIsTheSameBytesEachTime()
    {
        string target = _folder.File("export");
        using ResidentWeights first = Weights(Tiny, 1.0f);
        using ResidentWeights second = Weights(Tiny, 2.0f);
        HuggingFaceFolder.Export(target, first);
        byte[] before = File.ReadAllBytes(Path.Combine(target, "model.safetensors"));
        HuggingFaceFolder.Export(target, second);
        Assert.NotEqual(before, File.ReadAllBytes(Path.Combine(target, "model.safetensors")));
        HuggingFaceFolder.Export(target, first);
        Assert.Equal(before, File.ReadAllBytes(Path.Combine(target, "model.safetensors")));
    }

    [Fact]
    public void Export_FailsHalfWay_LeavesNoFolderThatLoads()
    {
        string target = _folder.File("export");
        using ResidentWeights weights = Weights(Tiny, 1.0f);
        HuggingFaceFolder.Export(target, weights);
        Assert.Throws<InvalidDataException>(() => HuggingFaceFolder.Export(target, weights.Parameters, new FailingSource(weights.Parameters.Layout(3), 1)));
        Assert.Equal(["generation_config.json", "model.safetensors"], Directory.GetFiles(target).Select(p => Path.GetFileName(p)).Order(StringComparer.Ordinal));
        HuggingFaceException error = Assert.Throws<HuggingFaceException>(() => HuggingFaceFolder.Open(target).Dispose());
        Assert.Contains("no config.json", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_TensorMissingExtraOrOfAnotherShape_NamesIt()
    {
        AssertRefused(specs => specs.RemoveAll(s => s.Name == "model.norm.weight"), "lack the tensor 'model.norm.weight' [8]");
        AssertRefused(specs => specs[0] = ("model.embed_tokens.weight", [12, 8]), "'model.embed_tokens.weight' has the shape [12, 8]; config.json says [11, 8]");
        AssertRefused(specs => specs.Add(("model.layers.1.mlp.up_proj.weight", [6, 8])), "'model.layers.1.mlp.up_proj.weight', which a Olmo2 model");
        WriteFolder(specs => specs.Add(("model.layers.0.self_attn.rotary_emb.inv_freq", [2])));
        using HuggingFaceFolder folder = HuggingFaceFolder.Open(_folder.Path);
        Assert.Equal(Tiny.Vocabulary, folder.Parameters.Config.Vocabulary);
    }

    [Theory]
    [InlineData("{\"weight_map\":{\"model.norm.weight\":\"other.safetensors\"}}", "the file 'other.safetensors' of tensor 'model.norm.weight' is missing")]
    [InlineData("{\"weight_map\":{\"model.norm.weight\":\"../model.safetensors\"}}", "which is no file name")]
    [InlineData("{\"weight_map\":{\"x\":\"part.safetensors\"}}", "'x' is not in the file 'part.safetensors'")]
    [InlineData("{\"weights\":{}}", "'weight_map' is missing")]
    [InlineData("{", "not valid JSON")]
    public void Open_BadIndex_NamesTensorAndFile(string index, string message)
    {
        WriteFolder(_ => { });
        File.Move(_folder.File("model.safetensors"), _folder.File("part.safetensors"));
        File.WriteAllText(_folder.File("model.safetensors.index.json"), index);
        HuggingFaceException error = Assert.Throws<HuggingFaceException>(() => HuggingFaceFolder.Open(_folder.Path).Dispose());
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    private void AssertRefused(Action<List<(string Name, long[] Shape)>> change, string message)
    {
        WriteFolder(change);
        HuggingFaceException error = Assert.Throws<HuggingFaceException>(() => HuggingFaceFolder.Open(_folder.Path).Dispose());
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    private void WriteFolder(Action<List<(string Name, long[] Shape)>> change)
    {
        List<(string Name, long[] Shape)> specs = [.. new ParameterList(Tiny).Specs.Select(s => (s.Name, s.Shape.ToArray()))];
        change(specs);
        using SafetensorsWriter writer = new(_folder.File("model.safetensors"), specs.Select(s => (s.Name, SafetensorsType.F32, ImmutableArray.Create(s.Shape))));
        while (writer.Current is { } tensor)
        {
            writer.WriteSingles(new float[tensor.Elements]);
        }

        writer.Commit();
        _folder.Write("config.json", HuggingFaceConfig.Write(Tiny));
    }

    private ResidentWeights Weights(OlmoConfig config, float scale)
    {
        ResidentWeights weights = new(_provider, new ParameterList(config));
        for (int p = 0; p < weights.Parameters.Specs.Length; p++)
        {
            float[] values = new float[weights[p].Count];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = scale * (p + (i / 16f));
            }

            _provider.Write<float>(weights[p], values);
        }

        return weights;
    }

    private static float Widened(SafetensorsType type, byte[] bytes, int i) => type switch
    {
        SafetensorsType.F32 => BitConverter.ToSingle(bytes, 4 * i),
        SafetensorsType.F16 => (float)BitConverter.ToHalf(bytes, 2 * i),
        SafetensorsType.BF16 => BitConverter.UInt32BitsToSingle((uint)BitConverter.ToUInt16(bytes, 2 * i) << 16),
        _ => throw new InvalidDataException($"{type} weights"),
    };

    private static int IndexOf(ParameterList parameters, string name) => parameters.Specs.ToList().FindIndex(s => s.Name == name);

    private static byte[] Bytes(SafetensorsReader reader, string name)
    {
        byte[] bytes = new byte[reader.Find(name).SizeBytes];
        reader.ReadBytes(reader.Find(name), 0, bytes);
        return bytes;
    }

    private sealed class FailingSource(ParameterLayout layout, int chunk) : IChunkSource
    {
        public ParameterLayout Layout => layout;

        public void ReadParameters(int index, Span<float> destination)
        {
            if (index == chunk)
            {
                throw new InvalidDataException("chunk lost");
            }

            destination.Clear();
        }
    }
}

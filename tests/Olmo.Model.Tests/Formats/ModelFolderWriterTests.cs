using System.Text.Json;
using Olmo.Model.Formats;
using Olmo.Model.Models;

namespace Olmo.Model.Tests.Formats;

public sealed class ModelFolderWriterTests : IDisposable
{
    private static readonly ParameterList Parameters = new(new OlmoConfig
    {
        Family = ModelFamily.Olmo2,
        Width = 8,
        Layers = 2,
        Heads = 2,
        KeyHeads = 1,
        HeadWidth = 4,
        FeedForward = 6,
        Vocabulary = 11,
        ContextLength = 32,
    });

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(SafetensorsType.F32, null, 1)]
    [InlineData(SafetensorsType.F32, 800L, 6)]
    [InlineData(SafetensorsType.BF16, 1_000_000L, 1)]
    [InlineData(SafetensorsType.F16, 1L, 25)]
    public void Write_InFilesOfALimit_IsReadBackAndHasTheIndexThatTransformersWrites(SafetensorsType type, long? limit, int expected)
    {
        Write("m", new ModelFolderFormat(type, limit), Value);

        string[] files = [.. Directory.GetFiles(_folder.File("m"), "*.safetensors").Order(StringComparer.Ordinal)];
        Assert.Equal(expected, files.Length); // counted by hand
        using HuggingFaceFolder back = HuggingFaceFolder.Open(_folder.File("m"));
        Assert.Equal(type, back.StoredType);
        for (int p = 0; p < Parameters.Specs.Length; p++)
        {
            float[] values = new float[Parameters.Specs[p].Shape.Count];
            back.Read(p, 0, values);
            Assert.Equal(Enumerable.Range(0, values.Length).Select(i => Value(p, i)), values);
        }

        string index = Path.Combine(_folder.File("m"), "model.safetensors.index.json");
        Assert.Equal(files.Length > 1, File.Exists(index));
        if (files.Length > 1)
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(index));
            Assert.Equal(Parameters.Elements * (type.SizeBits() / 8), document.RootElement.GetProperty("metadata").GetProperty("total_size").GetInt64());
            Assert.Equal(Parameters.Specs.Select(s => s.Name), document.RootElement.GetProperty("weight_map").EnumerateObject().Select(t => t.Name));
            Assert.Equal($"model-00001-of-{files.Length:00000}.safetensors", Path.GetFileName(files[0]));
        }
    }

    [Fact]
    public void Write_WhoseSourceFailsHalfWay_LeavesNothingAndTheNextSucceeds()
    {
        Assert.Throws<IOException>(() => Write("m", new ModelFolderFormat(SafetensorsType.F32, 300), (p, i) => p == 9 ? throw new IOException("gone") : 1f));
        Assert.Empty(_folder.Names());

        Directory.CreateDirectory(_folder.File("m.partial")); // what a kill leaves
        File.WriteAllText(Path.Combine(_folder.File("m.partial"), "model.safetensors"), "half");
        Write("m", new ModelFolderFormat(SafetensorsType.F32), Value);
        Assert.Equal(["m"], _folder.Names());
    }

    [Theory]
    [InlineData(SafetensorsType.F32, float.PositiveInfinity, "Infinity")]
    [InlineData(SafetensorsType.BF16, float.MaxValue, "3.4028235E+38")]
    [InlineData(SafetensorsType.F16, -65520f, "-65520")]
    [InlineData(SafetensorsType.F16, float.NaN, "NaN")]
    public void Write_OfANumberThatTheTypeLacks_NamesTensorElementAndValue(SafetensorsType type, float value, string text)
    {
        HuggingFaceException e = Assert.Throws<HuggingFaceException>(() => Write("m", new ModelFolderFormat(type), (p, i) => (p, i) == (4, 3) ? value : 0f));

        Assert.StartsWith($"the source: element 3 of tensor '{Parameters.Specs[4].Name}' is {text}; a number of magnitude below", e.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.Names());
    }

    [Theory]
    [InlineData(SafetensorsType.F16, 65519.996f)]
    [InlineData(SafetensorsType.BF16, 3.3895312e38f)]
    [InlineData(SafetensorsType.F32, float.MaxValue)]
    public void Write_OfTheLargestNumbers_StaysFinite(SafetensorsType type, float value)
    {
        Write("m", new ModelFolderFormat(type), (_, _) => -value);

        using HuggingFaceFolder back = HuggingFaceFolder.Open(_folder.File("m"));
        float[] values = new float[4];
        back.Read(2, 0, values);
        Assert.All(values, v => Assert.True(float.IsFinite(v)));
    }

    private static float Value(int parameter, int element) => ((parameter * 5) + element) % 64 / 8f;

    private void Write(string name, ModelFolderFormat format, Func<int, int, float> value) => new ModelFolderWriter(
        Parameters,
        format,
        (p, first, destination) =>
        {
            for (int i = 0; i < destination.Length; i++)
            {
                destination[i] = value(p, (int)first + i);
            }
        },
        "the source").Write(_folder.File(name), _ => [new ModelFolderFile("config.json", HuggingFaceConfig.Write(Parameters.Config, format.Type))]);
}

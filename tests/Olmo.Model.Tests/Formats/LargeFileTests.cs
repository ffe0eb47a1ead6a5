using System.Collections.Immutable;
using System.Globalization;
using Olmo.Model.Formats;
using Olmo.Model.Models;
using Olmo.Tests;

namespace Olmo.Model.Tests.Formats;

/// <summary>Files beyond 4 GiB and tensors beyond 2^31 elements, all hole but for a few bytes.</summary>
public sealed class LargeFileTests
{
    [SparseFact]
    public void WriterHeader_OfTensorsBeyondTwoToThe31Elements_IsReadBackWithEveryOffset()
    {
        const long Rows = (1L << 31) + 7;
        (string Name, SafetensorsType Type, ImmutableArray<long> Shape)[] tensors =
            [("bytes", SafetensorsType.U8, [5]), ("half", SafetensorsType.BF16, [Rows]), ("single", SafetensorsType.F32, [3, Rows]), ("last", SafetensorsType.F16, [2])];
        SafetensorsHeader planned = SafetensorsHeader.Plan(tensors);
        byte[] header = planned.ToBytes();
        using TemporaryFolder folder = new();
        string path = folder.Write("large.safetensors", header);
        long half = 5 + (2 * Rows);
        long single = half + (12 * Rows);
        using (FileStream stream = new(path, FileMode.Open, FileAccess.Write))
        {
            stream.SetLength(header.Length + single + 4);
            Put(stream, header.Length + half - 2, [0xC0, 0xBF]); // -1.5
            Put(stream, header.Length + half + (4 * (2 * Rows)), BitConverter.GetBytes(3.25f));
            Put(stream, header.Length + single, [0x00, 0x3C, 0x00, 0xC0]); // 1, -2
        }

        using SafetensorsReader reader = SafetensorsReader.Open(path);

        Assert.Equal(single + 4, planned.DataBytes);
        Assert.Equal(planned.Tensors.Select(t => (t.Name, t.Begin, t.End)), reader.Tensors.Select(t => (t.Name, t.Begin, t.End)));
        Assert.Equal([5, half, single, single + 4], reader.Tensors.Select(t => t.End));
        Assert.Equal(3 * Rows, reader.Find("single").Elements);
        float[] values = new float[2];
        reader.ReadSingles(reader.Find("half"), Rows - 2, values);
        Assert.Equal([0f, -1.5f], values);
        reader.ReadSingles(reader.Find("single"), (2 * Rows) - 1, values);
        Assert.Equal([0f, 3.25f], values);
        reader.ReadSingles(reader.Find("last"), 0, values);
        Assert.Equal([1f, -2f], values);
        byte[] raw = new byte[4];
        reader.ReadBytes(reader.Find("single"), 8 * Rows, raw);
        Assert.Equal(3.25f, BitConverter.ToSingle(raw));
        Assert.Throws<ArgumentOutOfRangeException>(() => reader.ReadSingles(reader.Find("half"), Rows - 1, values));
    }

    [SparseFact]
    public void ModelFolder_OfSixteenGigabytesInOneFile_OpensAndReadsItsLastTensor()
    {
        ParameterList parameters = new(new OlmoConfig
        {
            Family = ModelFamily.Olmo2,
            Width = 1 << 15,
            Layers = 1,
            Heads = 256,
            KeyHeads = 256,
            HeadWidth = 128,
            FeedForward = 64,
            Vocabulary = (1 << 16) + 1,
            ContextLength = 16,
        });
        SafetensorsHeader header = SafetensorsHeader.Plan(parameters.Specs.Select(s => (s.Name, SafetensorsType.BF16, ImmutableArray.Create(s.Shape.ToArray()))));
        byte[] bytes = header.ToBytes();
        using TemporaryFolder folder = new();
        string path = folder.Write("model.safetensors", bytes);
        using (FileStream stream = new(path, FileMode.Open, FileAccess.Write))
        {
            stream.SetLength(bytes.Length + header.DataBytes);
            Put(stream, bytes.Length + header.DataBytes - 2, [0x80, 0x3F]);
        }

        folder.Write("config.json", HuggingFaceConfig.Write(parameters.Config, SafetensorsType.BF16));

        using HuggingFaceFolder opened = HuggingFaceFolder.Open(folder.Path);

        ParameterSpec head = parameters.Specs[^1];
        Assert.True(head.Shape.Count > 1L << 31);
        Assert.True(header.DataBytes > 16L << 30);
        float[] last = new float[3];
        opened.Read(parameters.Head, head.Shape.Count - 3, last);
        Assert.Equal([0f, 0f, 1f], last);
    }

    [Fact]
    public void Shards_OfAModelOfThirtyTwoBillion_HoldEveryTensorOnceBelowTheLimit()
    {
        const long Limit = 5_000_000_000;
        ParameterList parameters = new(new OlmoConfig
        {
            Family = ModelFamily.Olmo2,
            Width = 5120,
            Layers = 64,
            Heads = 40,
            KeyHeads = 8,
            HeadWidth = 128,
            FeedForward = 27648,
            Vocabulary = 100352,
            ContextLength = 4096,
        });

        ImmutableArray<WeightFile> files = WeightFile.Plan(parameters, new ModelFolderFormat(SafetensorsType.F32, Limit));

        Assert.Equal(32_234_279_936 * 4, files.Sum(f => f.SizeBytes));
        Assert.All(files, f => Assert.InRange(f.SizeBytes, 1, Limit));
        Assert.Equal(Enumerable.Range(0, parameters.Specs.Length), files.SelectMany(f => Enumerable.Range(f.First, f.End - f.First)));
        Assert.Equal(Enumerable.Range(1, files.Length).Select(i => string.Create(CultureInfo.InvariantCulture, $"model-{i:00000}-of-{files.Length:00000}.safetensors")), files.Select(f => f.Name));
        WeightFile one = Assert.Single(WeightFile.Plan(parameters, new ModelFolderFormat(SafetensorsType.BF16)));
        Assert.Equal(("model.safetensors", 32_234_279_936 * 2), (one.Name, one.SizeBytes));
    }

    private static void Put(FileStream stream, long at, ReadOnlySpan<byte> bytes)
    {
        stream.Position = at;
        stream.Write(bytes);
    }
}

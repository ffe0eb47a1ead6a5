using System.Security.Cryptography;
using System.Text.Json;
using Olmo.Model.Formats;
using Olmo.Tests;
using Xunit;

namespace Olmo.Model.Tests.Formats;

public sealed class SafetensorsReaderTests
{
    [ReferenceFact]
    public void Open_FilesOfTheReferenceWriter_GivesTheirTensorsAndValues()
    {
        using JsonDocument expected = Golden("valid.json");
        int tensors = 0;
        foreach (JsonProperty file in expected.RootElement.GetProperty("files").EnumerateObject())
        {
            using SafetensorsReader reader = SafetensorsReader.Open(PathOf(file.Value.GetProperty("file").GetString()!));
            JsonElement metadata = file.Value.GetProperty("metadata");
            Assert.Equal(metadata.ValueKind == JsonValueKind.Null ? 0 : metadata.EnumerateObject().Count(), reader.Metadata.Length);
            foreach ((string key, string value) in reader.Metadata)
            {
                Assert.Equal(metadata.GetProperty(key).GetString(), value);
            }

            JsonElement byName = file.Value.GetProperty("tensors");
            Assert.Equal(byName.EnumerateObject().Count(), reader.Tensors.Length);
            foreach (JsonProperty tensor in byName.EnumerateObject())
            {
                AssertTensor(reader, tensor);
                tensors++;
            }
        }

        Assert.True(tensors > 30, $"{tensors} tensors were compared");
    }

    [ReferenceFact]
    public void Open_HandMadeFiles_AcceptsAndRefusesWhatTheReferenceReaderDoes()
    {
        using JsonDocument expected = Golden("handmade.json");
        int refused = 0;
        int accepted = 0;
        foreach (string part in new[] { "hand", "bad" })
        {
            foreach (JsonProperty file in expected.RootElement.GetProperty(part).EnumerateObject())
            {
                string path = PathOf(file.Value.GetProperty("file").GetString()!);
                JsonElement outcome = file.Value.GetProperty("deserialize");
                if (outcome.GetProperty("accepted").GetBoolean())
                {
                    using SafetensorsReader reader = SafetensorsReader.Open(path);
                    foreach (JsonElement pair in outcome.GetProperty("tensors").EnumerateArray())
                    {
                        SafetensorsTensor tensor = reader.Find(pair[0].GetString()!);
                        Assert.Equal(pair[1].GetProperty("dtype").GetString(), tensor.Type.Name());
                        Assert.Equal(pair[1].GetProperty("hex").GetString(), Convert.ToHexStringLower(Bytes(reader, tensor)));
                    }

                    Assert.Equal(outcome.GetProperty("tensors").GetArrayLength(), reader.Tensors.Length);
                    accepted++;
                }
                else
                {
                    SafetensorsFormatException error = Assert.Throws<SafetensorsFormatException>(() => SafetensorsReader.Open(path).Dispose());
                    Assert.Equal(path, error.File);
                    Assert.Contains(path, error.Message, StringComparison.Ordinal);
                    refused++;
                }
            }
        }

        Assert.True(accepted >= 14 && refused >= 40, $"{accepted} accepted, {refused} refused");
    }

    [ReferenceTheory]
    [InlineData("gap", "b", "begins at byte")]
    [InlineData("gap", "b", "gap")]
    [InlineData("overlap", "b", "overlap")]
    [InlineData("unknown_dtype", "a", "dtype 'F31'; it must be one of BOOL")]
    [InlineData("size_mismatch", "a", "bytes; shape [")]
    [InlineData("negative_offset", "a", "data_offsets[0] = -8; it must be a whole number from 0")]
    [InlineData("string_shape", "a", "shape[0] = 2")]
    [InlineData("shape_overflow", "a", "63 bits")]
    [InlineData("missing_shape", "a", "has no shape")]
    [InlineData("sub_byte_odd", "a", "whole bytes")]
    [InlineData("tensor_is_null", "a", "is a JSON null")]
    [InlineData("header_length_over_limit", null, "the limit is 100000000")]
    [InlineData("header_length_beyond_file", null, "follow in the file")]
    [InlineData("data_too_short", null, "its header describes 8")]
    [InlineData("trailing_bytes", null, "its header describes 8")]
    [InlineData("seven_bytes", null, "it has 7 bytes")]
    [InlineData("header_not_json", null, "no valid JSON")]
    [InlineData("metadata_not_strings", null, "it must be a string")]
    public void Open_MalformedFile_NamesTensorValueAndLimit(string file, string? tensor, string part)
    {
        SafetensorsFormatException error =
            Assert.Throws<SafetensorsFormatException>(() => SafetensorsReader.Open(PathOf("bad", file + ".safetensors")).Dispose());
        Assert.Equal(tensor, error.Tensor);
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [ReferenceFact]
    public void ReadSingles_RangeOfALargeTensor_EqualsTheSameRangeOfTheWhole()
    {
        using SafetensorsReader reader = SafetensorsReader.Open(PathOf("larger.safetensors"));
        foreach (SafetensorsTensor tensor in reader.Tensors)
        {
            float[] whole = new float[tensor.Elements];
            reader.ReadSingles(tensor, 0, whole);
            float[] part = new float[301];
            reader.ReadSingles(tensor, 517, part);
            Assert.Equal(whole.AsSpan(517, 301).ToArray(), part);
            Assert.Throws<ArgumentOutOfRangeException>(() => reader.ReadSingles(tensor, tensor.Elements - 300, part));
            Assert.Throws<ArgumentOutOfRangeException>(() => reader.ReadSingles(tensor, -1, part));
        }
    }

    [Fact]
    public void ReadSingles_TypeLargerThanOneBlock_WidensEveryElement()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("x.safetensors");
        int[] values = new int[100_003];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (i * 7919) - 50_000;
        }

        using (SafetensorsWriter writer = new(path, [("ids", SafetensorsType.I32, [values.Length])]))
        {
            writer.Write<int>(values);
            writer.Commit();
        }

        using SafetensorsReader reader = SafetensorsReader.Open(path);
        float[] singles = new float[values.Length];
        long[] integers = new long[values.Length];
        reader.ReadSingles(reader.Find("ids"), 0, singles);
        reader.ReadIntegers(reader.Find("ids"), 0, integers);
        Assert.Equal(values.Select(v => (float)v), singles);
        Assert.Equal(values.Select(v => (long)v), integers);
    }

    [Fact]
    public void Find_UnknownName_NamesFileAndTensor()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("empty.safetensors");
        using (SafetensorsWriter writer = new(path, []))
        {
            writer.Commit();
        }

        using SafetensorsReader reader = SafetensorsReader.Open(path);
        SafetensorsFormatException error = Assert.Throws<SafetensorsFormatException>(() => reader.Find("lm_head.weight"));
        Assert.Equal($"{path}: tensor 'lm_head.weight' is not in the file.", error.Message);
    }

    private static void AssertTensor(SafetensorsReader reader, JsonProperty expected)
    {
        SafetensorsTensor tensor = reader.Find(expected.Name);
        Assert.Equal(expected.Value.GetProperty("dtype").GetString(), tensor.Type.Name());
        Assert.Equal(expected.Value.GetProperty("shape").EnumerateArray().Select(n => n.GetInt64()).ToArray(), tensor.Shape.ToArray());
        Assert.Equal(expected.Value.GetProperty("data_offsets")[0].GetInt64(), tensor.Begin);
        Assert.Equal(expected.Value.GetProperty("data_offsets")[1].GetInt64(), tensor.End);
        Assert.Equal(expected.Value.GetProperty("sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(Bytes(reader, tensor))));
        JsonElement values = expected.Value.GetProperty("values");
        if (values.ValueKind != JsonValueKind.Array)
        {
            return;
        }

        if (tensor.Type.Name().StartsWith("F8", StringComparison.Ordinal))
        {
            Assert.Throws<SafetensorsFormatException>(() => reader.ReadSingles(tensor, 0, new float[1]));
            return;
        }

        double[] doubles = new double[tensor.Elements];
        float[] singles = new float[tensor.Elements];
        reader.ReadDoubles(tensor, 0, doubles);
        reader.ReadSingles(tensor, 0, singles);
        for (int i = 0; i < doubles.Length; i++)
        {
            double value = Number(values[i]);
            Assert.True(
                double.IsNaN(value) ? double.IsNaN(doubles[i]) : BitConverter.DoubleToInt64Bits(value) == BitConverter.DoubleToInt64Bits(doubles[i]),
                $"{expected.Name}[{i}]: {value} became {doubles[i]}");
            Assert.True(double.IsNaN(value) ? float.IsNaN(singles[i]) : (float)value == singles[i], $"{expected.Name}[{i}]: {value} became {singles[i]}");
        }
    }

    private static double Number(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => 1.0,
        JsonValueKind.False => 0.0,
        JsonValueKind.Number => value.GetDouble(),
        _ => value.GetString() switch
        {
            "NaN" => double.NaN,
            "Infinity" => double.PositiveInfinity,
            "-Infinity" => double.NegativeInfinity,
            string other => throw new InvalidDataException($"'{other}' is no number."),
            null => throw new InvalidDataException("null is no number."),
        },
    };

    private static byte[] Bytes(SafetensorsReader reader, SafetensorsTensor tensor)
    {
        byte[] bytes = new byte[tensor.SizeBytes];
        reader.ReadBytes(tensor, 0, bytes);
        return bytes;
    }

    private static JsonDocument Golden(string name) => JsonDocument.Parse(File.ReadAllBytes(PathOf(name)));

    private static string PathOf(params string[] parts) => ReferenceData.PathOf(["golden", "formats", "safetensors", .. parts.SelectMany(p => p.Split('/'))]);
}

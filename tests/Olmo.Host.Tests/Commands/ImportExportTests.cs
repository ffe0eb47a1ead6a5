using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Olmo.Host.Commands;
using Olmo.Host.Models;
using Olmo.Host.Recipes;
using Olmo.Model.Formats;
using Olmo.Model.Models;
using Olmo.Tests;

namespace Olmo.Host.Tests.Commands;

/// <summary><c>olmo import</c> and <c>olmo export</c> on the model folders of the reference data, and on broken copies of one.</summary>
public sealed class ImportExportTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("olmo-import-").FullName;

    public static TheoryData<string> Golden => ["olmo1-tiny", "olmo1-clip-gqa", "olmo2-tiny", "olmo2-gqa", "olmo2-deep", "olmo2-fp16", "olmo3-tiny", "olmo3-yarn"];

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [ReferenceTheory]
    [MemberData(nameof(Golden))]
    public async Task Import_OfAnExportInShards_IsTheFirstImportByteForByte(string name)
    {
        string golden = ReferenceData.PathOf("golden", "models", name);
        await Done(ImportCommand.Create(), golden, "--to", At("a"));
        await Done(ExportCommand.Create(), At("a"), "--to", At("b"), "--max-shard-size", "100kB");
        await Done(ImportCommand.Create(), At("b"), "--to", At("c"));

        string[] names = Names("a");
        Assert.Equal(names, Names("c"));
        Assert.All(names.Where(n => n != ModelRecipe.FileName), n => Assert.Equal(File.ReadAllBytes(At("a", n)), File.ReadAllBytes(At("c", n))));
        Assert.True(Directory.GetFiles(At("b"), "model-*-of-*.safetensors").Length > 1);
        AssertSameModel(golden, At("a"));
        AssertSameModel(golden, At("b"));
    }

    [ReferenceTheory]
    [InlineData("bf16", SafetensorsType.BF16, "bfloat16")]
    [InlineData("fp16", SafetensorsType.F16, "float16")]
    [InlineData("fp32", SafetensorsType.F32, "float32")]
    public async Task Export_InAnotherType_RoundsToNearestAndSaysSo(string dtype, SafetensorsType type, string name)
    {
        string golden = ReferenceData.PathOf("golden", "models", "olmo2-tiny");
        await Done(ExportCommand.Create(), golden, "--to", At("x"), "--dtype", dtype);

        using HuggingFaceFolder before = HuggingFaceFolder.Open(golden);
        using HuggingFaceFolder after = HuggingFaceFolder.Open(At("x"));
        Assert.Equal(type, after.StoredType);
        Assert.Equal(name, JsonNode.Parse(await File.ReadAllBytesAsync(At("x", "config.json")))!["torch_dtype"]!.GetValue<string>());
        Assert.Equal(before.Parameters.Config, after.Parameters.Config);
        float[] from = Values(before, 0);
        float[] to = Values(after, 0);
        for (int i = 0; i < from.Length; i++)
        {
            float expected = type switch
            {
                SafetensorsType.F32 => from[i],
                SafetensorsType.F16 => (float)(Half)from[i],
                _ => NearestBFloat16(from[i]),
            };
            Assert.Equal(expected, to[i]);
        }
    }

    [ReferenceFact]
    public async Task Import_OfATrainableModel_WritesKeysThatTheRecipeReaderTakes()
    {
        await Done(ImportCommand.Create(), ReferenceData.PathOf("golden", "models", "olmo1-clip-gqa"), "--to", At("a"));
        await File.WriteAllTextAsync(At("r.conf"), "include \"a/model.conf\"\nbatch.sequence-length = 32");

        Recipe recipe = RecipeReader.Read(At("r.conf"), [], _ => null);

        OlmoConfig stored = HuggingFaceConfig.Read(At("a", "config.json"));
        ModelRecipe.RequireEqual(Runs.TrainingPlan.ConfigOf(recipe, 300, 1, null), At("a"));
        Assert.Equal(stored.ClipQkv, recipe.Model.ClipQkv);
        Assert.Equal(At("a"), recipe.Model.InitFrom);
        Assert.Contains(ModelRecipe.DigestOf(At("a"))!, recipe.NumericSettings["model.init-from (weights)"], StringComparison.Ordinal);
        UsageException wrong = Assert.Throws<UsageException>(() => ModelRecipe.RequireEqual(stored with { FeedForward = 8, TiedEmbeddings = true }, At("a")));
        Assert.Equal(
            [$"model.ffn = 8: the model of model.init-from = '{At("a")}' has 144", $"model.tied = true: the model of model.init-from = '{At("a")}' has false"], wrong.Message.Split('\n'));
    }

    [ReferenceFact]
    public async Task Import_OfOlmo3_SaysThatNoRecipeTrainsIt()
    {
        string output = await Done(ImportCommand.Create(), ReferenceData.PathOf("golden", "models", "olmo3-tiny"), "--to", At("a"));

        Assert.Contains("no recipe can train it: recipes have olmo and olmo2, not olmo3", output, StringComparison.Ordinal);
        Assert.False(File.Exists(At("a", ModelRecipe.FileName)));
    }

    [ReferenceFact]
    public async Task Import_OfABrokenFolder_SaysOneThingAndLeavesNothing()
    {
        await Refused("no config.json", d => File.Delete(Path.Combine(d, "config.json")));
        await Refused("there is neither model.safetensors nor", d => File.Delete(Path.Combine(d, "model.safetensors")));
        await Refused("'model_type' is 'llama'; olmo, olmo2 or olmo3 is needed", d => Config(d, c => c["model_type"] = "llama"));
        await Refused("Olmo2ForCausalLM (model_type is olmo2)", d => Config(d, c => c["architectures"] = new JsonArray("OlmoForCausalLM")));
        await Refused("lack the tensor 'model.layers.2.self_attn.q_proj.weight' [64, 64]", d => Config(d, c => c["num_hidden_layers"] = 3));
        await Refused("has the shape [512, 64]; config.json says [513, 64]", d => Config(d, c => c["vocab_size"] = 513));
        await Refused("has dtype 'F33'; it must be one of", d => Header(d, h => h["model.norm.weight"]!["dtype"] = "F33"));
        await Refused("(overlap)", d => Header(d, h => (h["model.norm.weight"]!["data_offsets"]![0], h["model.norm.weight"]!["data_offsets"]![1]) = (0, 256)));
        await Refused("shape [1, 64] of F32", d => Header(d, h => h["model.embed_tokens.weight"]!["shape"] = new JsonArray(1, 64)));
        await Refused("bytes of data; its header describes", d => Weights(d, bytes => bytes[..^5]));
        await Refused("its header has 9999999 bytes; only", d => Weights(d, bytes => [.. BitConverter.GetBytes(9_999_999L), .. bytes[8..]]));
        await Refused("its header has 9223372036854775807 bytes; the limit is 100000000", d => Weights(d, bytes => [.. BitConverter.GetBytes(long.MaxValue), .. bytes[8..]]));
        await Refused("of tensor 'model.norm.weight' is NaN; a number of magnitude below", d => Weights(d, bytes => NaN(bytes, "model.norm.weight")));
        await Refused("tokenizer.json", d => File.WriteAllText(Path.Combine(d, "tokenizer.json"), "{}"));
    }

    [ReferenceFact]
    public async Task Export_ToHalfOfANumberAboveItsRange_NamesTensorElementAndLimit()
    {
        string source = Copy();
        Weights(source, bytes => Set(bytes, "model.norm.weight", 65_520f));

        string error = await Fails(ExportCommand.Create(), source, "--to", At("x"), "--dtype", "fp16");

        Assert.Contains("element 0 of tensor 'model.norm.weight' is 65520; a number of magnitude below 65520 is needed in F16", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(At("x")));
        await Done(ExportCommand.Create(), source, "--to", At("x"), "--dtype", "bf16");
    }

    [ReferenceFact]
    public async Task Export_ToAFolderThatHoldsSomething_LeavesIt()
    {
        Directory.CreateDirectory(At("x"));
        await File.WriteAllTextAsync(At("x", "mine.txt"), "mine");

        Assert.Contains("is there already", await Fails(ExportCommand.Create(), ReferenceData.PathOf("golden", "models", "olmo2-tiny"), "--to", At("x")), StringComparison.Ordinal);
        Assert.Equal(["mine.txt"], Names("x"));
    }

    [Theory]
    [InlineData("--dtype fp8: fp32, bf16 or fp16 is needed", "--dtype", "fp8")]
    [InlineData("--max-shard-size many", "--max-shard-size", "many")]
    [InlineData("--max-shard-size 0: a size above 0", "--max-shard-size", "0")]
    public async Task Import_WithAnOptionThatIsNone_IsAMistakeOfTheUser(string message, params string[] options) =>
        Assert.Contains(message, await Fails(ImportCommand.Create(), [_root, "--to", At("x"), .. options]), StringComparison.Ordinal);

    private async Task Refused(string message, Action<string> spoil)
    {
        string source = Copy();
        spoil(source);
        string error = await Fails(ImportCommand.Create(), source, "--to", At("x"));
        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Empty(Directory.GetFileSystemEntries(_root, "x*"));
    }

    private string Copy()
    {
        string copy = At("source");
        if (Directory.Exists(copy))
        {
            Directory.Delete(copy, recursive: true);
        }

        Directory.CreateDirectory(copy);
        foreach (string name in (string[])["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"])
        {
            File.Copy(ReferenceData.PathOf("golden", "models", "olmo2-tiny", name), Path.Combine(copy, name));
        }

        return copy;
    }

    private static void Config(string folder, Action<JsonObject> change)
    {
        string path = Path.Combine(folder, "config.json");
        JsonObject config = JsonNode.Parse(File.ReadAllBytes(path))!.AsObject();
        change(config);
        File.WriteAllText(path, config.ToJsonString());
    }

    private static void Header(string folder, Action<JsonObject> change) => Weights(folder, bytes =>
    {
        int length = (int)BitConverter.ToInt64(bytes);
        JsonObject header = JsonNode.Parse(bytes.AsSpan(8, length))!.AsObject();
        change(header);
        byte[] json = Encoding.UTF8.GetBytes(header.ToJsonString());
        return [.. BitConverter.GetBytes(json.LongLength), .. json, .. bytes[(8 + length)..]];
    });

    private static void Weights(string folder, Func<byte[], byte[]> change)
    {
        string path = Path.Combine(folder, "model.safetensors");
        File.WriteAllBytes(path, change(File.ReadAllBytes(path)));
    }

    private static byte[] NaN(byte[] bytes, string tensor) => Set(bytes, tensor, float.NaN);

    private static byte[] Set(byte[] bytes, string tensor, float value)
    {
        int length = (int)BitConverter.ToInt64(bytes);
        long begin = JsonNode.Parse(bytes.AsSpan(8, length))![tensor]!["data_offsets"]![0]!.GetValue<long>();
        BitConverter.TryWriteBytes(bytes.AsSpan(8 + length + (int)begin), value);
        return bytes;
    }

    private static void AssertSameModel(string one, string other)
    {
        using HuggingFaceFolder a = HuggingFaceFolder.Open(one);
        using HuggingFaceFolder b = HuggingFaceFolder.Open(other);
        Assert.Equal(a.Parameters.Config, b.Parameters.Config);
        Assert.Equal(a.StoredType, b.StoredType);
        for (int p = 0; p < a.Parameters.Specs.Length; p++)
        {
            Assert.Equal(Values(a, p), Values(b, p));
        }
    }

    private static float[] Values(HuggingFaceFolder folder, int parameter)
    {
        float[] values = new float[folder.Parameters.Specs[parameter].Shape.Count];
        folder.Read(parameter, 0, values);
        return values;
    }

    // By comparing distances, not by the arithmetic that the product uses.
    private static float NearestBFloat16(float value)
    {
        uint below = BitConverter.SingleToUInt32Bits(value) & 0xFFFF_0000;
        (float a, float b) = (BitConverter.UInt32BitsToSingle(below), BitConverter.UInt32BitsToSingle(below + 0x1_0000));
        double toA = Math.Abs((double)value - a);
        double toB = Math.Abs((double)value - b);
        return toA < toB || (toA == toB && (below & 0x1_0000) == 0) ? a : b;
    }

    private string At(params string[] parts) => Path.Combine([_root, .. parts]);

    private string[] Names(string folder) => [.. Directory.GetFiles(At(folder)).Select(p => Path.GetFileName(p)!).Order(StringComparer.Ordinal)];

    private static async Task<string> Done(System.CommandLine.Command command, params string[] arguments)
    {
        StringWriter output = new(CultureInfo.InvariantCulture);
        StringWriter error = new(CultureInfo.InvariantCulture);
        int code = await CommandRunner.Run(command, arguments, output, error);
        Assert.True(code == 0, error.ToString());
        return output.ToString();
    }

    private static async Task<string> Fails(System.CommandLine.Command command, params string[] arguments)
    {
        StringWriter error = new(CultureInfo.InvariantCulture);
        Assert.Equal(2, await CommandRunner.Run(command, arguments, new StringWriter(CultureInfo.InvariantCulture), error));
        return error.ToString();
    }
}

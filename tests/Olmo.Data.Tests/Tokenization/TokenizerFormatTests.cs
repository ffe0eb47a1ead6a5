using System.Text;
using System.Text.Json.Nodes;
using Olmo.Data.Tokenization;
using Olmo.Tests;

namespace Olmo.Data.Tests.Tokenization;

public sealed class TokenizerFormatTests
{
    [Theory]
    [InlineData("{\"a\":", "line 1", "is not JSON")]
    [InlineData("[]", "$", "must be an object, not []")]
    [InlineData("{}", "$.model", "is missing")]
    [InlineData("{\"model\":{\"type\":\"Unigram\"}}", "$.model.type", "must be \"BPE\", the only model that is supported, not \"Unigram\"")]
    public void Parse_NotATokenizer_NamesFileAndPlace(string json, string path, string problem)
    {
        TokenizerFormatException e = Assert.Throws<TokenizerFormatException>(() => Tokenizer.Parse(Encoding.UTF8.GetBytes(json), "x.json"));
        Assert.Equal("x.json", e.FileName);
        Assert.StartsWith(path, e.JsonPath, StringComparison.Ordinal);
        Assert.StartsWith("x.json: ", e.Message, StringComparison.Ordinal);
        Assert.Contains(problem, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model.unk_token", "\"<unk>\"", "$.model.unk_token")]
    [InlineData("model.dropout", "0.1", "$.model.dropout")]
    [InlineData("model.byte_fallback", "true", "$.model.byte_fallback")]
    [InlineData("model.byte_fallback", "3", "$.model.byte_fallback")]
    [InlineData("model.continuing_subword_prefix", "\"##\"", "$.model.continuing_subword_prefix")]
    [InlineData("model.vocab", "[]", "$.model.vocab")]
    [InlineData("model.vocab", "{\"a\":-1}", "$.model.vocab")]
    [InlineData("model.vocab", "{\"a\":0,\"b\":0}", "$.model.vocab")]
    [InlineData("model.vocab", "{\"a\":0,\"a\":1}", "$.model.vocab")]
    [InlineData("model.vocab", "{\"a\":2000000000}", "$.model.vocab")]
    [InlineData("model.merges", "null", "$.model.merges")]
    [InlineData("model.merges", "[\"a b\",\"ab\"]", "$.model.merges[0]")]
    [InlineData("model.merges", "[[\"a\"]]", "$.model.merges[0]")]
    [InlineData("model.merges", "[7]", "$.model.merges[0]")]
    [InlineData("normalizer", "{\"type\":\"NFKC\"}", "$.normalizer")]
    [InlineData("normalizer", "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFC\"},{\"type\":\"Lowercase\"}]}", "$.normalizer.normalizers[1]")]
    [InlineData("pre_tokenizer", "null", "$.pre_tokenizer")]
    [InlineData("pre_tokenizer", "{\"type\":\"Metaspace\"}", "$.pre_tokenizer")]
    [InlineData("pre_tokenizer", "{\"type\":\"ByteLevel\",\"add_prefix_space\":true}", "$.pre_tokenizer")]
    [InlineData("pre_tokenizer.pretokenizers", "[]", "$.pre_tokenizer")]
    [InlineData("post_processor", "{\"type\":\"TemplateProcessing\"}", "$.post_processor")]
    [InlineData("decoder", "null", "$.decoder")]
    [InlineData("decoder", "{\"type\":\"WordPiece\"}", "$.decoder")]
    [InlineData("added_tokens", "[{\"id\":0,\"content\":\"\"}]", "$.added_tokens[0].content")]
    [InlineData("added_tokens", "[{\"id\":5,\"content\":\"zzz\"}]", "$.added_tokens[0].id")]
    [InlineData("added_tokens", "[{\"content\":\"zzz\"}]", "$.added_tokens[0].id")]
    [InlineData("added_tokens", "[{\"id\":900,\"content\":\"z\\u0301\"},{\"id\":900,\"content\":\"y\\u0301\"}]", "$.added_tokens[1]")]
    public void Parse_ChangedSection_NamesItsPath(string where, string value, string path)
    {
        TokenizerFormatException e = Assert.Throws<TokenizerFormatException>(() => Parse(where, value));
        Assert.Equal(path, e.JsonPath);
    }

    [Theory]
    [InlineData(@"\w+|\s+")]
    [InlineData(@"\p{N}{1,3}|")]
    [InlineData("")]
    public void Parse_UnknownPattern_SaysWhichAreKnown(string pattern)
    {
        TokenizerFormatException e = Assert.Throws<TokenizerFormatException>(
            () => Parse("pre_tokenizer.pretokenizers.0.pattern", new JsonObject { ["Regex"] = pattern }.ToJsonString()));
        Assert.Equal("$.pre_tokenizer.pretokenizers[0].pattern.Regex", e.JsonPath);
        Assert.Contains("cl100k", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(@"\p{N}", 1)]
    [InlineData(@"\p{N}{1,2}", 2)]
    [InlineData(@"\p{N}{1,3}", 3)]
    [InlineData(@"\p{N}+", 7)]
    public void Parse_Cl100kWithOtherDigits_CutsNumbersSo(string numbers, int digits)
    {
        string pattern = PreTokenizerReader.Cl100kPattern.Replace(@"\p{N}{1,3}|", numbers + "|", StringComparison.Ordinal);
        byte[] json = Changed(("pre_tokenizer.pretokenizers.0.pattern", new JsonObject { ["Regex"] = pattern }.ToJsonString()));
        PieceScanner scanner = TokenizerJsonReader.Read(json, "x.json").Scanner;
        Assert.Equal(digits, scanner.Next("1234567", 0));
        Assert.Equal(3, scanner.Next("abc1234567", 0));
    }

    [Fact]
    public void Parse_MergesAsTextOrPairs_GivesTheSame()
    {
        Tokenizer pairs = TokenizerTests.Train(SplitPattern.Cl100k, 400);
        JsonNode root = JsonNode.Parse(pairs.ToJson())!;
        root["model"]!["merges"] = new JsonArray([.. root["model"]!["merges"]!.AsArray().Select(m => (JsonNode)$"{m![0]} {m[1]}")]);
        Tokenizer texts = Tokenizer.Parse(Encoding.UTF8.GetBytes(root.ToJsonString()));
        Assert.Equal(pairs.ToJson(), texts.ToJson());
    }

    private static (string, string) WholeText => ("pre_tokenizer", """{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}""");

    [Fact]
    public void Encode_AddedTokenFlags_StripAndStandAlone()
    {
        string tokens = """
            [{"id":900,"content":"<l>","lstrip":true},{"id":901,"content":"<r>","rstrip":true},{"id":902,"content":"word","single_word":true}]
            """;
        Tokenizer tokenizer = Parse("added_tokens", tokens);
        string[] Encode(string text) => [.. tokenizer.EncodeWithOffsets(text).Select(t => $"{t.Text}[{t.Start},{t.End}]")];
        Assert.Equal(["a[0,1]", "<l>[1,6]", "b[6,7]"], Encode("a \n<l>b"));
        Assert.Equal(["a[0,1]", "<r>[1,6]", "b[6,7]"], Encode("a<r> \nb"));
        Assert.Equal(["<r>[0,5]", "<l>[5,8]"], Encode("<r>  <l>")); // the first match has the blanks
        Assert.Contains("word[2,6]", Encode("a word b"));
        Assert.DoesNotContain(Encode("a words"), t => t.StartsWith("word[", StringComparison.Ordinal));
        Assert.DoesNotContain(Encode("éword"), t => t.StartsWith("word[", StringComparison.Ordinal));
    }

    [Fact]
    public void Encode_IgnoreMerges_TakesAWholePieceFromTheVocabulary()
    {
        string vocabulary = """{"a":0,"b":1,"c":2,"ab":3,"abc":4,"bc":5,"d!":6}""";
        Tokenizer merging = Parse(("model.vocab", vocabulary), ("model.merges", """["a b"]"""), ("added_tokens", "[]"), WholeText);
        Tokenizer whole = Parse(("model.vocab", vocabulary), ("model.merges", """["a b"]"""), ("added_tokens", "[]"), WholeText, ("model.ignore_merges", "true"));
        Assert.Equal([3, 2], merging.Encode("abc"));
        Assert.Equal([4], whole.Encode("abc"));
        Assert.Equal([(4, 0, 3)], whole.EncodeWithOffsets("abc").Select(t => (t.Id, t.Start, t.End)));
        Assert.Equal([(6, 0, 2)], whole.EncodeWithOffsets("d!").Select(t => (t.Id, t.Start, t.End)));
        Assert.Equal([3], merging.Encode("a?b")); // a byte without a token vanishes, and its neighbours merge
        Assert.Equal(whole.ToJson(), Tokenizer.Parse(whole.ToJson()).ToJson());
    }

    [Fact]
    public void Load_FileThatIsNotThere_IsAnIOException() =>
        Assert.ThrowsAny<IOException>(() => Tokenizer.Load(Path.Combine(Path.GetTempPath(), "olmo-no-such-folder", "tokenizer.json")));

    [ReferenceTheory]
    [InlineData("dolma2")]
    [InlineData("neox")]
    public void ToJson_OfTheShippedFiles_ReadsBackTheSame(string name)
    {
        Tokenizer shipped = GoldenTokenizers.ByName(name);
        byte[] json = shipped.ToJson();
        Tokenizer again = Tokenizer.Parse(json);
        Assert.Equal(json, again.ToJson());
        string text = File.ReadAllText(ReferenceData.PathOf("gsm8k", "test.jsonl"))[..100_000] + "  e\u0301  <|endoftext|> |||IP_ADDRESS|||";
        Assert.Equal(shipped.Encode(text), again.Encode(text));
        Assert.Equal(shipped.EncodeWithOffsets(text[..2000]), again.EncodeWithOffsets(text[..2000]));
    }

    private static Tokenizer Parse(string where, string value) => Parse((where, value));

    private static Tokenizer Parse(params (string Where, string Value)[] changes) => Tokenizer.Parse(Changed(changes));

    /// <summary>A small tokenizer file with sections replaced by raw JSON (which a node model could not hold: names may stand twice).</summary>
    private static byte[] Changed(params (string Where, string Value)[] changes)
    {
        BpeTrainer trainer = new(new BpeTrainerOptions { VocabularySize = 400, MinFrequency = 1 });
        JsonNode root = JsonNode.Parse(trainer.Train(["a b a b zz"]).ToJson())!;
        for (int i = 0; i < changes.Length; i++)
        {
            string[] steps = changes[i].Where.Split('.');
            JsonNode holder = root;
            foreach (string step in steps[..^1])
            {
                holder = (int.TryParse(step, out int index) ? holder[index] : holder[step])!;
            }

            holder[steps[^1]] = $"@@@{i}";
        }

        string json = root.ToJsonString();
        for (int i = 0; i < changes.Length; i++)
        {
            json = json.Replace($"\"@@@{i}\"", changes[i].Value, StringComparison.Ordinal);
        }

        return Encoding.UTF8.GetBytes(json);
    }
}

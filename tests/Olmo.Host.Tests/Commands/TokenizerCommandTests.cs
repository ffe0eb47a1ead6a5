using System.CommandLine;
using System.IO.Compression;
using Olmo.Data.Tokenization;
using Olmo.Host.Commands;

namespace Olmo.Host.Tests.Commands;

public sealed class TokenizerCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("olmo-tokenizer-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Train_TextJsonAndCompressedFiles_WritesATokenizerThatEncodesAndDecodes()
    {
        string text = Write("a.txt", "the cat sat on the mat, the cat ate the rat\n");
        Write("folder/b.jsonl", "{\"text\":\"the theme of the thesis\"}\n\n{\"id\":1,\"text\":\"the end\"}\n");
        using (GZipStream gzip = new(File.Create(PathOf("folder/c.json.gz")), CompressionLevel.Fastest))
        {
            gzip.Write("{\"text\":\"then there\"}\n"u8);
        }

        string file = PathOf("tokenizer.json");
        (int code, string output, string error) = Run(TokenizerCommand.Create(), "train", text, PathOf("folder"), "--vocab-size", "300", "--pattern", "gpt2", "-o", file);
        Assert.Equal((0, ""), (code, error.Contains("olmo:", StringComparison.Ordinal) ? error : ""));
        Assert.Contains("ids", output, StringComparison.Ordinal);
        Tokenizer tokenizer = Tokenizer.Load(file);
        Assert.NotNull(tokenizer.IdOf("Ġthe"));
        Tokenizer expected = new BpeTrainer(new BpeTrainerOptions { VocabularySize = 300, Pattern = SplitPattern.Gpt2 }).Train(
            ["the cat sat on the mat, the cat ate the rat\n", "the theme of the thesis", "the end", "then there"]);
        Assert.Equal(expected.ToJson(), File.ReadAllBytes(file));

        (_, string ids, _) = Run(TokenizerEncodeCommand.Create(TextReader.Null), "the cat<|endoftext|>", "--tokenizer", file);
        Assert.Equal(string.Join(' ', tokenizer.Encode("the cat<|endoftext|>")), ids.Trim());
        Assert.Equal("the cat<|endoftext|>", Run(TokenizerDecodeCommand.Create(new StringReader(ids)), "--tokenizer", file).Output);
        Assert.Equal("the cat", Run(TokenizerDecodeCommand.Create(TextReader.Null), ["-t", file, "--skip-special", .. ids.Split()]).Output);
    }

    [Fact]
    public void Encode_StandardInput_PrintsCountOrTokens()
    {
        string file = PathOf("tokenizer.json");
        new BpeTrainer(new BpeTrainerOptions { VocabularySize = 260 }).Train([]).Save(file);
        Assert.Equal("3", Run(TokenizerEncodeCommand.Create(new StringReader("a b")), "-t", file, "--count").Output.Trim());
        string tokens = Run(TokenizerEncodeCommand.Create(new StringReader("a b")), "-t", file, "--tokens").Output;
        Assert.Equal(["0\t1\ta", "1\t2\tĠ", "2\t3\tb"], tokens.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.TrimEnd('\r').Split('\t', 2)[1]));
    }

    [Theory]
    [InlineData("no-such.txt", "", "no such file or folder")]
    [InlineData("bad.jsonl", "{\"text\":", "bad.jsonl(1): the line is not JSON")]
    [InlineData("bad.jsonl", "{\"text\":\"a\"}\n{\"txt\":\"b\"}", "bad.jsonl(2): the field \"text\" is missing or not a string")]
    [InlineData("bad.txt", "\u00FFlatin", "bad.txt(1): the text is not valid UTF-8")]
    public void Train_BadInput_IsOneLineAndCodeTwo(string name, string content, string problem)
    {
        if (content.Length > 0)
        {
            File.WriteAllBytes(PathOf(name), [.. content.Select(c => (byte)c)]);
        }

        (int code, _, string error) = Run(TokenizerCommand.Create(), "train", PathOf(name), "-o", PathOf("out.json"));
        Assert.Equal(2, code);
        string line = Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("olmo: ", line, StringComparison.Ordinal);
        Assert.Contains(problem, line, StringComparison.Ordinal);
        Assert.False(File.Exists(PathOf("out.json")));
    }

    [Fact]
    public void Verbs_BadTokenizerOrIds_AreCodeTwo()
    {
        string broken = Write("broken.json", "{\"model\":{\"type\":\"WordPiece\"}}");
        (int code, _, string error) = Run(TokenizerEncodeCommand.Create(TextReader.Null), "x", "-t", broken);
        Assert.Equal(2, code);
        Assert.Contains("$.model.type", error, StringComparison.Ordinal);

        string file = PathOf("tokenizer.json");
        new BpeTrainer(new BpeTrainerOptions { VocabularySize = 260 }).Train([]).Save(file);
        Assert.Contains("'x1' is not an id", Run(TokenizerDecodeCommand.Create(TextReader.Null), "-t", file, "x1").Error, StringComparison.Ordinal);
        Assert.Contains("99999 is not an id", Run(TokenizerDecodeCommand.Create(TextReader.Null), "-t", file, "99999").Error, StringComparison.Ordinal);
        Assert.Contains("VocabularySize is 0", Run(TokenizerCommand.Create(), "train", file, "--vocab-size", "0", "-o", PathOf("o.json")).Error, StringComparison.Ordinal);
    }

    private static (int Code, string Output, string Error) Run(Command command, params string[] arguments)
    {
        StringWriter output = new();
        StringWriter error = new();
        int code = CommandRunner.Run(command, arguments, output, error).GetAwaiter().GetResult();
        return (code, output.ToString(), error.ToString());
    }

    private string PathOf(string name) => Path.Combine(_folder, name);

    private string Write(string name, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
        File.WriteAllText(PathOf(name), content);
        return PathOf(name);
    }
}

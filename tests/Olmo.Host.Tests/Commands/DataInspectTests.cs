using System.CommandLine;
using Olmo.Data.Documents;
using Olmo.Data.Preparation;
using Olmo.Data.TokenFiles;
using Olmo.Data.Tokenization;
using Olmo.Host.Commands;

namespace Olmo.Host.Tests.Commands;

public sealed class DataInspectTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("olmo-inspect-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Inspect_PreparedFolderAndItsFile_ShowSizesDocumentsAndText()
    {
        string text = PathOf("a.txt");
        File.WriteAllText(text, string.Concat(Enumerable.Range(0, 60).Select(i => $"Line \"{i}\" of some text.\n\n")));
        PreparedData data = DataPreparation.Run(
            new PreparationSettings
            {
                Source = TextDocuments.Open(text, new TextOptions(TextSplit.BlankLines)),
                NewTokenizer = new BpeTrainerOptions { VocabularySize = 280 },
                HeldOutFraction = 0.2,
            },
            PathOf("out"));

        (int code, string output, string error) = Run(data.Folder, "-t", data.TokenizerFolder!);
        Assert.Equal((0, ""), (code, error));
        Assert.Contains($"{data.Train.Tokens} tokens to train on in {data.Train.Documents} documents", output, StringComparison.Ordinal);
        Assert.Contains("train-00000.npy", output, StringComparison.Ordinal);
        Assert.Contains("heldout-00000.npy", output, StringComparison.Ordinal);
        Assert.Equal(2, output.Split("checks: sound").Length - 1);

        (code, output, _) = Run(data.Train.Files[0].Path, "-t", data.TokenizerFolder!, "--tokens", "9", "--document", "0");
        Assert.Equal(0, code);
        Assert.Contains("uint16", output, StringComparison.Ordinal);
        Assert.Contains("tokens 0 to 8: ", output, StringComparison.Ordinal);
        Assert.Contains("text: \"Line \\\"", output, StringComparison.Ordinal);
        Assert.Contains("token 0 belongs to document \"a.txt:", output, StringComparison.Ordinal);
        Assert.Contains($"documents: {data.Train.Documents}, mean", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Inspect_UnsoundFile_NamesEachProblemAndIsCodeTwo()
    {
        using (TokenFileWriter writer = new(PathOf("a.npy"), TokenType.UInt16, eosId: 0))
        {
            writer.Append([300, 301], "first", "f", 1);
            writer.Append([302], "second", "f", 2);
            writer.Complete();
        }

        byte[] bytes = File.ReadAllBytes(PathOf("a.npy"));
        bytes[4] = 7;
        File.WriteAllBytes(PathOf("a.npy"), [.. bytes, 1, 0]);
        new BpeTrainer(new BpeTrainerOptions { VocabularySize = 260 }).Train([]).Save(PathOf("tokenizer.json"));
        (int code, string output, _) = Run(PathOf("a.npy"), "-t", PathOf("tokenizer.json"));
        Assert.Equal(2, code);
        Assert.Contains("largest id is 302, but ids must be below 258", output, StringComparison.Ordinal);
        Assert.Contains("document 1 (\"first\") ends with id 7", output, StringComparison.Ordinal);
        Assert.Contains("metadata end at token 5, the file at 6", output, StringComparison.Ordinal);
        Assert.Contains("3 problems", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Inspect_NeitherTypeNorManifest_SaysWhatToGive()
    {
        File.WriteAllBytes(PathOf("a.npy"), [1, 0]);
        (int code, _, string error) = Run(PathOf("a.npy"));
        Assert.Equal(2, code);
        Assert.Contains("--type uint16 or uint32", error, StringComparison.Ordinal);
        Assert.Equal(0, Run(PathOf("a.npy"), "--type", "uint16").Code);
        Assert.Equal(2, Run(PathOf("absent.npy"), "--type", "uint16").Code);
    }

    private static (int Code, string Output, string Error) Run(params string[] arguments)
    {
        StringWriter output = new();
        StringWriter error = new();
        int code = CommandRunner.Run(DataInspect.Create(), arguments, output, error).GetAwaiter().GetResult();
        return (code, output.ToString(), error.ToString());
    }

    private string PathOf(string name) => Path.Combine(_folder, name);
}

using Olmo.Data.Documents;
using Olmo.Data.Instances;
using Olmo.Data.Preparation;
using Olmo.Data.TokenFiles;
using Olmo.Data.Tokenization;
using Olmo.Tests;

namespace Olmo.Data.Tests.Preparation;

public sealed class DataPreparationTests
{
    [Fact]
    public void Run_Twice_ReusesAndGivesTheSame()
    {
        using TemporaryFolder folder = new();
        PreparationSettings settings = Settings(folder);
        PreparedData first = DataPreparation.Run(settings, folder.File("out"));
        Assert.False(first.Reused);
        Dictionary<string, string> bytes = Snapshot(folder.File("out"));
        PreparedData second = DataPreparation.Run(settings, folder.File("out"));
        Assert.True(second.Reused);
        Assert.Equal(first.Folder, second.Folder);
        Assert.Equal(bytes, Snapshot(folder.File("out")));
    }

    [Fact]
    public void Run_Documents_AreAllThereOnceInOrderWithTheirMetadata()
    {
        using TemporaryFolder folder = new();
        PreparationSettings settings = Settings(folder);
        PreparedData data = DataPreparation.Run(settings, folder.File("out"));
        Tokenizer tokenizer = Tokenizer.Load(data.TokenizerFolder!);
        HeldOutRule rule = settings.Source.HoldOut(settings.HeldOutFraction);
        Document[] documents = [.. settings.Source.Read()];
        Assert.True(data.Train.Files.Count > 2, "several segments");
        foreach ((PreparedSplit split, bool held) in ((PreparedSplit, bool)[])[(data.Train, false), (data.HeldOut, true)])
        {
            Document[] expected = [.. documents.Where(d => rule.IsHeldOut(d) == held)];
            Assert.Equal(expected.Select(d => (d.Id, d.Text.Trim())), Decode(split, tokenizer));
            Assert.Equal(expected.Length, split.Documents);
        }

        using InstanceDataSet train = data.OpenTrain(16);
        Assert.Equal(data.Train.Files.Count, train.FileRanges().Count);
        Assert.True(train.Count > 10);
    }

    [Fact]
    public void Run_CancelledAtEachBatchOfEachSegment_ThenRunAgain_GivesTheSameBytes()
    {
        using TemporaryFolder folder = new();
        PreparationSettings settings = Settings(folder);
        DataPreparation.Run(settings, folder.File("quiet"));
        Dictionary<string, string> expected = Snapshot(folder.File("quiet"));
        int reports = 0;
        DataPreparation.Run(settings, folder.File("count"), new Listener(_ => reports++));
        Assert.True(reports > 6, $"{reports} reports");
        for (int stop = 1; stop <= reports; stop++)
        {
            string target = folder.File($"killed{stop}");
            int seen = 0;
            Assert.Throws<InvalidOperationException>(() => DataPreparation.Run(settings, target, new Listener(_ =>
            {
                if (++seen == stop)
                {
                    throw new InvalidOperationException("killed");
                }
            })));
            DataPreparation.Run(settings, target);
            Assert.Equal(expected, Snapshot(target));
        }
    }

    [Fact]
    public void Run_TornFilesOfAKilledProcess_AreReplaced()
    {
        using TemporaryFolder folder = new();
        PreparationSettings settings = Settings(folder);
        PreparedData data = DataPreparation.Run(settings, folder.File("quiet"));
        Dictionary<string, string> expected = Snapshot(folder.File("quiet"));

        // What SIGKILL leaves behind: a partial folder with a finished segment's files but no marker, and a temporary file.
        string torn = Path.Combine(folder.File("torn"), Path.GetFileName(data.Folder) + ".partial");
        Directory.CreateDirectory(torn);
        File.WriteAllText(Path.Combine(torn, "train-00000.npy"), "torn");
        File.WriteAllText(Path.Combine(torn, "train-00001.npy.partial"), "torn");
        string tokenizer = Path.Combine(folder.File("torn"), Path.GetFileName(data.TokenizerFolder!) + ".partial");
        Directory.CreateDirectory(tokenizer);
        File.WriteAllText(Path.Combine(tokenizer, "tokenizer.json.partial"), "torn");
        DataPreparation.Run(settings, folder.File("torn"));
        Assert.Equal(expected, Snapshot(folder.File("torn")));
    }

    [Fact]
    public void Run_OtherNumberOfThreads_GivesTheSameBytes()
    {
        using TemporaryFolder folder = new();
        DataPreparation.Run(Settings(folder) with { Threads = 1 }, folder.File("one"));
        DataPreparation.Run(Settings(folder) with { Threads = 5 }, folder.File("five"));
        Assert.Equal(Snapshot(folder.File("one")), Snapshot(folder.File("five")));
    }

    [Fact]
    public void Run_InputOrSettingChanged_SaysSoAndBuildsBesideTheOld()
    {
        using TemporaryFolder folder = new();
        PreparedData first = DataPreparation.Run(Settings(folder), folder.File("out"));
        List<string> messages = [];
        PreparedData second = DataPreparation.Run(Settings(folder) with { SegmentTokens = 5000 }, folder.File("out"), new Listener(p => messages.Add(p.Message)));
        Assert.NotEqual(first.Folder, second.Folder);
        Assert.Equal(first.TokenizerFolder, second.TokenizerFolder);
        Assert.Contains(messages, m => m.Contains("other inputs or settings", StringComparison.Ordinal));

        File.AppendAllText(folder.File("text.txt"), "\n\nOne more paragraph.\n");
        PreparedData third = DataPreparation.Run(Settings(folder), folder.File("out"));
        Assert.NotEqual(first.Folder, third.Folder);
        Assert.True(Directory.Exists(first.Folder));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Run_PreparedFileDamaged_IsMovedAsideAndBuiltAgain(bool sameSize)
    {
        using TemporaryFolder folder = new();
        PreparedData data = DataPreparation.Run(Settings(folder), folder.File("out"));
        Dictionary<string, string> expected = Snapshot(folder.File("out"));
        string victim = data.Train.Files[1].Path;
        byte[] bytes = File.ReadAllBytes(victim);
        bytes[3] ^= 1;
        File.WriteAllBytes(victim, sameSize ? bytes : bytes[..^2]);
        Assert.Throws<DataException>(() => PreparedData.Open(data.Folder, verifyContents: true));

        List<string> messages = [];
        DataPreparation.Run(Settings(folder), folder.File("out"), new Listener(p => messages.Add(p.Message)));
        Assert.Contains(messages, m => m.Contains("train-00001.npy", StringComparison.Ordinal) && m.Contains("building it again", StringComparison.Ordinal));
        Directory.Delete(data.Folder + ".damaged", recursive: true);
        Assert.Equal(expected, Snapshot(folder.File("out")));
    }

    [Fact]
    public void Run_NothingHeldOut_NamesTheKeys()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("one.txt"), "A single short document.");
        DataException error = Assert.Throws<DataException>(() => DataPreparation.Run(
            new PreparationSettings { Source = TextDocuments.Open(folder.File("one.txt")), NewTokenizer = new BpeTrainerOptions { VocabularySize = 300 }, HeldOutFraction = 0.001 },
            folder.File("out")));
        Assert.Contains("raise data.held-out,", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_NoText_IsAnError()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("a.jsonl"), "{\"text\":\" \\u001c\"}\n{\"text\":\"\"}\n");
        DataException error = Assert.Throws<DataException>(() => DataPreparation.Run(
            new PreparationSettings { Source = JsonlDocuments.Open(folder.File("a.jsonl")), NewTokenizer = new BpeTrainerOptions { VocabularySize = 300 } },
            folder.File("out")));
        Assert.Contains("2 documents", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_NeitherTokenizerNorSize_NamesBothKeys()
    {
        using TemporaryFolder folder = new();
        DataException error = Assert.Throws<DataException>(() => DataPreparation.Run(Settings(folder) with { NewTokenizer = null }, folder.File("out")));
        Assert.Contains("data.tokenizer.path", error.Message, StringComparison.Ordinal);
        Assert.Contains("data.tokenizer.vocabulary-size", error.Message, StringComparison.Ordinal);
    }

    [ReferenceTheory]
    [InlineData("neox_x", "gpt-neox-olmo-dolma-v1_5.json", "<|endoftext|>")]
    [InlineData("dolma2_x", "dolma2.json", "<|endoftext|>")]
    public void Run_GoldenDolmaInput_GivesItsTokensAndMetadata(string run, string tokenizerFile, string eos)
    {
        using TemporaryFolder folder = new();
        string golden = ReferenceData.PathOf("golden", "dolma", "tokens", "out", run, "part-0-00000.npy");
        Directory.CreateDirectory(folder.File("tokenizer"));
        File.Copy(ReferenceData.PathOf("tokenizers", tokenizerFile), folder.File("tokenizer/tokenizer.json"));
        File.WriteAllText(folder.File("tokenizer/tokenizer_config.json"), $"{{\"eos_token\":\"{eos}\"}}");
        PreparedData data = DataPreparation.Run(
            new PreparationSettings
            {
                Source = JsonlDocuments.Open(ReferenceData.PathOf("golden", "dolma", "tokens", "in", "documents", "x.jsonl.gz")),
                TokenizerPath = folder.File("tokenizer"),
                HeldOutFraction = 0,
            },
            folder.File("out"));
        string made = Assert.Single(data.Train.Files).Path;
        TokenType type = data.TokenType;
        using TokenFile expectedFile = TokenFile.Open(golden, type);
        int[] expected = new int[expectedFile.LengthTokens];
        expectedFile.Read(0, expected);
        using TokenFile madeFile = TokenFile.Open(made, type);
        int[] actual = new int[madeFile.LengthTokens];
        madeFile.Read(0, actual);
        Assert.Equal(expected, actual);
        Assert.Equal(
            DocumentMetadata.Read(DocumentMetadata.PathOf(golden)).Select(d => (d.Start, d.End, d.Id, d.Location)),
            DocumentMetadata.Read(DocumentMetadata.PathOf(made)).Select(d => (d.Start, d.End, d.Id, d.Location)));
    }

    private static PreparationSettings Settings(TemporaryFolder folder)
    {
        string path = folder.File("text.txt");
        if (!File.Exists(path))
        {
            File.WriteAllText(path, string.Concat(Enumerable.Range(0, 1500).Select(i => $"Paragraph {i} says {i * i % 97} times that number {i % 13} follows {i % 7}.\nIts second line is {i}.\n\n")));
        }

        return new PreparationSettings
        {
            Source = TextDocuments.Open(path, new TextOptions(TextSplit.BlankLines)),
            NewTokenizer = new BpeTrainerOptions { VocabularySize = 320, Pattern = SplitPattern.Gpt2 },
            HeldOutFraction = 0.1,
            SegmentTokens = 12_000,
        };
    }

    private static IEnumerable<(string Id, string Text)> Decode(PreparedSplit split, Tokenizer tokenizer)
    {
        foreach (TokenFileEntry entry in split.Files)
        {
            using TokenFile file = TokenFile.Open(entry.Path, entry.Type, tokenizer.VocabularySize);
            foreach (DocumentMetadata document in DocumentMetadata.Read(DocumentMetadata.PathOf(entry.Path)))
            {
                int[] ids = new int[document.End - document.Start];
                file.Read(document.Start, ids);
                Assert.Equal(tokenizer.EosId, ids[^1]);
                yield return (document.Id, tokenizer.Decode(ids.AsSpan(0, ids.Length - 1)));
            }
        }
    }

    private static Dictionary<string, string> Snapshot(string folder) => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .Where(f => Path.GetFileName(f) != "inputs.json")
        .ToDictionary(f => Path.GetRelativePath(folder, f), f => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(f))));

    private sealed class Listener(Action<PreparationProgress> action) : IProgress<PreparationProgress>
    {
        public void Report(PreparationProgress value) => action(value);
    }
}

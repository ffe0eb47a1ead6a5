using System.Text;
using Olmo.Data.Tokenization;

namespace Olmo.Data.Tests.Tokenization;

public sealed class BpeTrainerTests
{
    [Fact]
    public void Train_SameDocuments_GivesTheSameBytes()
    {
        string[] documents = [.. RandomDocuments(seed: 3, count: 200, letters: 6)];
        byte[] first = Trainer(600).Train(documents).ToJson();
        Assert.Equal(first, Trainer(600).Train(documents).ToJson());
        Assert.Equal(first, Trainer(600).Train(documents.Reverse()).ToJson()); // counts decide, not the order of documents
    }

    [Theory]
    [InlineData(1, 2, null)]
    [InlineData(2, 3, null)]
    [InlineData(3, 4, null)]
    [InlineData(4, 3, 4)]
    [InlineData(5, 2, 6)]
    [InlineData(6, 8, null)]
    public void Learn_RandomPieces_AgreesWithRecountingBeforeEveryMerge(int seed, int letters, int? maxTokenLength)
    {
        PieceCounter counter = new();
        foreach (string word in RandomDocuments(seed, 300, letters).SelectMany(d => d.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
        {
            counter.Add(word);
        }

        List<string> tokens = ["ab", "<s>"]; // a special token that a merge will meet
        TrainingPieces pieces = TrainingPieces.Spell(counter, tokens, byteLevel: true, initialAlphabet: false);
        List<(List<int>, long)> copy = [.. Enumerable.Range(0, pieces.Count).Select(i => (pieces.SymbolsOf(i).ToArray().ToList(), pieces.OccurrencesOf(i)))];
        List<string> expected = BruteForce([.. tokens], copy, 60, 2, maxTokenLength);

        MergeLearner learner = new(pieces, tokens, maxTokenLength);
        learner.Learn(60, 2, _ => { }, CancellationToken.None);
        Assert.Equal(expected, learner.Merges.Select(m => $"{tokens[m.Left]} {tokens[m.Right]}"));
        Assert.True(expected.Count > 1);
    }

    [Fact]
    public void Train_SmallVocabulary_KeepsAlphabetAndSpecialTokens()
    {
        Tokenizer tokenizer = Trainer(10).Train(["abc abc"]);
        Assert.Equal(258, tokenizer.VocabularySize);
        Assert.Equal("any text 日本", tokenizer.Decode(tokenizer.Encode("any text 日本")));
    }

    [Fact]
    public void Train_WithoutByteAlphabet_HasOnlyWhatOccurs()
    {
        BpeTrainerOptions options = new() { VocabularySize = 100, InitialByteAlphabet = false, SpecialTokens = [] };
        Assert.Equal(["a", "b", "Ġ", "ab", "Ġab"], Tokens(new BpeTrainer(options).Train(["ab ab ab"])));
    }

    [Fact]
    public void Train_WithByteLimit_StopsBehindTheDocumentThatReachesIt()
    {
        int read = 0;
        IEnumerable<string> Documents()
        {
            while (true)
            {
                read++;
                yield return "ééééé"; // 10 bytes
            }
        }

        Tokenizer tokenizer = new BpeTrainer(new BpeTrainerOptions { VocabularySize = 300, MaxTrainingBytes = 95 }).Train(Documents());
        Assert.Equal(10, read);
        Assert.NotNull(tokenizer.IdOf("Ã©"));
    }

    [Fact]
    public void Train_Cancelled_Throws()
    {
        using CancellationTokenSource source = new();
        IEnumerable<string> Documents()
        {
            yield return "a b c";
            source.Cancel();
            yield return "d e f";
        }

        Assert.Throws<OperationCanceledException>(() => Trainer(300).Train(Documents(), cancellation: source.Token));
    }

    [Fact]
    public void Train_Progress_RisesToTheEnd()
    {
        List<BpeTrainingProgress> reports = [];
        string[] documents = [.. RandomDocuments(seed: 9, count: 3000, letters: 20)];
        Trainer(800).Train(documents, new Recorder(reports));
        Assert.Equal(BpeTrainingPhase.Done, reports[^1].Phase);
        Assert.Equal(3000, reports[^1].Documents);
        Assert.Equal(documents.Sum(d => Encoding.UTF8.GetByteCount(d)), reports[^1].Bytes);
        Assert.Contains(reports, r => r.Phase == BpeTrainingPhase.Merging);
        Assert.All(reports.Zip(reports.Skip(1)), p => Assert.True(p.First.VocabularySize <= p.Second.VocabularySize));
    }

    [Fact]
    public void Trainer_OptionOutOfRange_NamesIt()
    {
        BpeTrainerOptions options = new() { VocabularySize = 300 };
        Assert.Contains("VocabularySize is 0", Assert.Throws<ArgumentException>(() => new BpeTrainer(options with { VocabularySize = 0 })).Message, StringComparison.Ordinal);
        Assert.Contains("MinFrequency", Assert.Throws<ArgumentException>(() => new BpeTrainer(options with { MinFrequency = -1 })).Message, StringComparison.Ordinal);
        Assert.Contains("MaxTokenLength", Assert.Throws<ArgumentException>(() => new BpeTrainer(options with { MaxTokenLength = 0 })).Message, StringComparison.Ordinal);
        Assert.Contains("SpecialTokens", Assert.Throws<ArgumentException>(() => new BpeTrainer(options with { SpecialTokens = ["a", "a"] })).Message, StringComparison.Ordinal);
        Assert.Contains("Pattern", Assert.Throws<ArgumentException>(() => new BpeTrainer(options with { Pattern = 0 })).Message, StringComparison.Ordinal);
    }

    private static BpeTrainer Trainer(int size) => new(new BpeTrainerOptions { VocabularySize = size });

    private static IEnumerable<string> Tokens(Tokenizer tokenizer) => Enumerable.Range(0, tokenizer.VocabularySize).Select(id => tokenizer.TokenOf(id)!);

    /// <summary>A linear congruential sequence: the same words in every run.</summary>
    private static IEnumerable<string> RandomDocuments(int seed, int count, int letters)
    {
        ulong state = (ulong)seed;
        for (int i = 0; i < count; i++)
        {
            StringBuilder text = new();
            for (int word = 0; word < 5; word++)
            {
                text.Append(' ');
                for (int length = 1 + Next(9); length > 0; length--)
                {
                    text.Append((char)('a' + Next(letters)));
                }
            }

            yield return text.ToString();
        }

        int Next(int limit)
        {
            state = (state * 6364136223846793005UL) + 1442695040888963407UL;
            return (int)((state >> 33) % (ulong)limit);
        }
    }

    /// <summary>The rules, literally: recount all pairs, take the most frequent (ties: smaller ids), merge everywhere.</summary>
    private static List<string> BruteForce(List<string> tokens, List<(List<int> Symbols, long Count)> words, int size, long least, int? maxTokenLength)
    {
        List<string> merges = [];
        while (tokens.Count < size)
        {
            SortedDictionary<(int, int), long> counts = [];
            foreach ((List<int> symbols, long count) in words)
            {
                for (int i = 0; i + 1 < symbols.Count; i++)
                {
                    string a = tokens[symbols[i]];
                    string b = tokens[symbols[i + 1]];
                    if ((a.Length == 1 && b.Length == 1) || a.Length + b.Length < (maxTokenLength ?? int.MaxValue))
                    {
                        counts[(symbols[i], symbols[i + 1])] = counts.GetValueOrDefault((symbols[i], symbols[i + 1])) + count;
                    }
                }
            }

            long most = counts.Count == 0 ? 0 : counts.Values.Max();
            if (most < least)
            {
                break;
            }

            (int left, int right) = counts.First(c => c.Value == most).Key;
            string joined = tokens[left] + tokens[right];
            int id = tokens.IndexOf(joined);
            if (id < 0)
            {
                id = tokens.Count;
                tokens.Add(joined);
            }

            merges.Add($"{tokens[left]} {tokens[right]}");
            foreach ((List<int> symbols, long _) in words)
            {
                for (int i = 0; i + 1 < symbols.Count; i++)
                {
                    if (symbols[i] == left && symbols[i + 1] == right)
                    {
                        symbols[i] = id;
                        symbols.RemoveAt(i + 1);
                    }
                }
            }
        }

        return merges;
    }

    private sealed class Recorder(List<BpeTrainingProgress> reports) : IProgress<BpeTrainingProgress>
    {
        public void Report(BpeTrainingProgress value) => reports.Add(value);
    }
}

using System.Globalization;
using System.Text;
using System.Text.Json;
using Olmo.Data.Tokenization;
using Olmo.Tests;

namespace Olmo.Data.Tests.Tokenization;

public sealed class BpeTrainerGoldenTests
{
    [ReferenceFact]
    public void Train_GoldenTexts_GivesTheReferenceFilesByteForByte()
    {
        int cases = 0;
        foreach (JsonElement entry in GoldenTokenizers.Json("tokenizers", "bpe-train", "index.json").EnumerateArray())
        {
            string text = File.ReadAllText(ReferenceData.PathOf(entry.Text("source").Split('/')));
            text = text[entry.GetProperty("first_char").GetInt32()..entry.GetProperty("last_char_exclusive").GetInt32()];
            Tokenizer tokenizer = new BpeTrainer(new BpeTrainerOptions
            {
                VocabularySize = entry.GetProperty("vocab_size").GetInt32(),
                MinFrequency = entry.GetProperty("min_frequency").GetInt64(),
                Pattern = PatternOf(entry.Text("pre_tokenizer")),
                SpecialTokens = Texts(entry, "special_tokens"),
            }).Train([text]);

            byte[] expected = File.ReadAllBytes(ReferenceData.PathOf("golden", "tokenizers", "bpe-train", entry.Text("file")));
            Assert.Equal(Encoding.UTF8.GetString(expected).TrimEnd(), Encoding.UTF8.GetString(tokenizer.ToJson()));
            int[] ids = tokenizer.Encode(text);
            Assert.Equal(entry.GetProperty("text_ids").GetInt32(), ids.Length);
            Assert.Equal(entry.Text("text_ids_sha256"), GoldenTokenizers.Sha256(ids));
            foreach (JsonElement probe in entry.GetProperty("probe").EnumerateArray())
            {
                Assert.Equal(probe.Ints("ids"), tokenizer.Encode(probe.Text("text")));
            }

            cases++;
        }

        Assert.Equal(6, cases);
    }

    [ReferenceFact]
    public void Learn_TinyCases_GivesTheReferenceMergesAndIds()
    {
        int cases = 0;
        foreach (JsonElement line in GoldenTokenizers.Lines("bpe-train", "tiny.jsonl"))
        {
            bool byteLevel = line.Text("pre_tokenizer") != "split";
            PieceCounter counter = new();
            foreach (string text in Texts(line, "texts"))
            {
                Count(text, line.Text("pre_tokenizer"), counter);
            }

            List<string> tokens = [.. Texts(line, "special_tokens")];
            int? limit = line.TryGetProperty("limit_alphabet", out JsonElement l) ? l.GetInt32() : null;
            int? length = line.TryGetProperty("max_token_length", out JsonElement m) ? m.GetInt32() : null;
            TrainingPieces pieces = TrainingPieces.Spell(counter, tokens, byteLevel, line.GetProperty("byte_alphabet").GetBoolean(), limit);
            MergeLearner learner = new(pieces, tokens, length);
            learner.Learn(line.GetProperty("vocab_size").GetInt32(), line.GetProperty("min_frequency").GetInt64(), _ => { }, CancellationToken.None);

            string name = line.Text("name");
            Assert.Equal(
                (name, line.GetProperty("vocab").GetInt32(), string.Join(' ', Texts(line, "new_tokens"))),
                (name, tokens.Count, string.Join(' ', tokens.Skip(line.GetProperty("vocab_from").GetInt32()))));
            string[] expected = [.. line.GetProperty("merges").EnumerateArray().Select(p => $"{p[0]} {p[1]}")];
            string[] actual = [.. learner.Merges.Select(p => $"{tokens[p.Left]} {tokens[p.Right]}")];
            Assert.Equal((name, string.Join(',', expected)), (name, string.Join(',', actual)));
            cases++;
        }

        Assert.Equal(47, cases);
    }

    private static void Count(string text, string split, PieceCounter counter)
    {
        if (split == "split")
        {
            foreach (string word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                counter.Add(word);
            }

            return;
        }

        PieceScanner scanner = PatternOf(split) == SplitPattern.Gpt2 ? new Gpt2Scanner() : new Cl100kScanner(3);
        for (int start = 0, end; start < text.Length; start = end)
        {
            end = scanner.Next(text, start);
            counter.Add(text.AsSpan(start, end - start));
        }
    }

    private static SplitPattern PatternOf(string name) => name switch
    {
        "gpt2" => SplitPattern.Gpt2,
        "cl100k" => SplitPattern.Cl100k,
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, string.Create(CultureInfo.InvariantCulture, $"{name} is unknown")),
    };

    private static string[] Texts(JsonElement holder, string name) => [.. holder.GetProperty(name).EnumerateArray().Select(e => e.GetString()!)];
}

using System.Text;
using System.Text.Json;
using Olmo.Data.Tokenization;

namespace Olmo.Conformance;

/// <summary>Training: the saved file must be the reference's, byte for byte.</summary>
internal sealed class TrainingCases(string data, Tally tally)
{
    private readonly string _golden = Path.Combine(data, "golden", "tokenizers", "bpe-train");

    public void Run()
    {
        tally.Group("training: files and their encodings", Files);
        tally.Group("training: small texts with ties and limits", Tiny);
    }

    private void Files()
    {
        foreach (JsonElement entry in Golden.Json(Path.Combine(_golden, "index.json")).EnumerateArray())
        {
            string text = Golden.ReadText(Path.Combine(data, entry.Text("source")));
            text = text[entry.GetProperty("first_char").GetInt32()..entry.GetProperty("last_char_exclusive").GetInt32()];
            Tokenizer tokenizer = new BpeTrainer(Options(entry)).Train([text]);
            string file = entry.Text("file");
            tally.Check(file, Encoding.UTF8.GetString(tokenizer.ToJson()) == Golden.ReadText(Path.Combine(_golden, file)).TrimEnd());
            tally.Check($"{file} ids", Golden.Sha256(tokenizer.Encode(text)) == entry.Text("text_ids_sha256"));
        }
    }

    private void Tiny()
    {
        foreach (JsonElement line in Golden.Lines(Path.Combine(_golden, "tiny.jsonl")))
        {
            // The rest has another splitter than byte level, which the library does not offer; its tests cover those merges.
            if (line.Text("pre_tokenizer") == "split")
            {
                continue;
            }

            Tokenizer tokenizer = new BpeTrainer(Options(line)).Train(line.GetProperty("texts").EnumerateArray().Select(t => t.GetString()!));
            using JsonDocument saved = JsonDocument.Parse(tokenizer.ToJson());
            string merges = string.Join(',', saved.RootElement.GetProperty("model").GetProperty("merges").EnumerateArray().Select(m => $"{m[0]} {m[1]}"));
            int from = line.GetProperty("vocab_from").GetInt32();
            bool exact = merges == string.Join(',', line.GetProperty("merges").EnumerateArray().Select(m => $"{m[0]} {m[1]}"))
                && line.GetProperty("vocab").GetInt32() == tokenizer.VocabularySize
                && line.GetProperty("new_tokens").EnumerateArray().Select(t => t.GetString())
                    .SequenceEqual(Enumerable.Range(from, tokenizer.VocabularySize - from).Select(tokenizer.TokenOf));
            tally.Check($"tiny.jsonl {line.Text("name")}", exact);
        }
    }

    private static BpeTrainerOptions Options(JsonElement entry) => new()
    {
        VocabularySize = entry.GetProperty("vocab_size").GetInt32(),
        MinFrequency = entry.GetProperty("min_frequency").GetInt64(),
        Pattern = entry.Text("pre_tokenizer") == "gpt2" ? SplitPattern.Gpt2 : SplitPattern.Cl100k,
        SpecialTokens = [.. entry.GetProperty("special_tokens").EnumerateArray().Select(t => t.GetString()!)],
        MaxTokenLength = entry.Get("max_token_length")?.GetInt32(),
    };
}

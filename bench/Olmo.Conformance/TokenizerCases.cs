using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Olmo.Data.Tokenization;

namespace Olmo.Conformance;

/// <summary>Encoding and decoding by the two OLMo tokenizers and those of the small models.</summary>
internal sealed class TokenizerCases(string data, Tally tally)
{
    private readonly string _golden = Path.Combine(data, "golden", "tokenizers");

    public static IReadOnlyDictionary<string, string> Files { get; } = new Dictionary<string, string>
    {
        ["dolma2"] = "dolma2.json",
        ["neox"] = "gpt-neox-olmo-dolma-v1_5.json",
    };

    public void Run()
    {
        foreach ((string name, string file) in Files)
        {
            Tokenizer tokenizer = Tokenizer.Load(Path.Combine(data, "tokenizers", file));
            tally.Group($"{name}: strings", () => Strings(name, tokenizer));
            tally.Group($"{name}: tokens and offsets", () => Offsets(name, tokenizer));
            tally.Group($"{name}: prefixes and streams", () => Streams(name, tokenizer));
            tally.Group($"{name}: bytes, random and unknown ids", () => Decodings(name, tokenizer));
            tally.Group($"{name}: every vocabulary entry", () => Vocabulary(name, tokenizer));
            tally.Group($"{name}: every code point, by block", () => CodePoints(name, tokenizer));
            tally.Group($"{name}: whole files, by block and line", () => WholeFiles(name, tokenizer));
            if (name == "dolma2")
            {
                tally.Group($"{name}: rendered conversations", () => Conversations(tokenizer));
            }
        }

        foreach (string folder in Directory.GetDirectories(Path.Combine(data, "golden", "models")).Order(StringComparer.Ordinal))
        {
            if (File.Exists(Path.Combine(folder, "tokenizer_cases.json")))
            {
                tally.Group($"{Path.GetFileName(folder)}: strings", () => SmallModel(folder));
            }
        }
    }

    private void Strings(string name, Tokenizer tokenizer)
    {
        foreach (JsonElement line in Golden.Lines(Path.Combine(_golden, "encode.jsonl")))
        {
            string text = line.Text("text");
            JsonElement expected = line.GetProperty(name);
            int[] ids = tokenizer.Encode(text);
            string decoded = expected.Get("decoded")?.GetString() ?? text;
            bool exact = ids.AsSpan().SequenceEqual(expected.GetProperty("ids").Ints())
                && tokenizer.Decode(ids) == decoded
                && tokenizer.Decode(ids, skipSpecialTokens: true) == (expected.Get("decoded_skip")?.GetString() ?? decoded);

            int[] plain = tokenizer.Encode(text, new EncodeOptions(SpecialTokensAsText: true));
            int[] expectedPlain = (expected.Get("ids_plain") ?? expected.GetProperty("ids")).Ints();
            exact &= plain.AsSpan().SequenceEqual(expectedPlain);
            exact &= expected.Get("ids_plain") is null || tokenizer.Decode(plain) == (expected.Get("decoded_plain")?.GetString() ?? text);
            tally.Check($"{name} encode.jsonl {line.GetProperty("i")}", exact);
        }
    }

    private void Offsets(string name, Tokenizer tokenizer)
    {
        foreach (JsonElement line in Golden.Lines(Path.Combine(_golden, "offsets.jsonl")))
        {
            string text = line.Text("text");
            JsonElement expected = line.GetProperty(name);
            IReadOnlyList<EncodedToken> tokens = tokenizer.EncodeWithOffsets(text);
            bool exact = tokens.Select(t => t.Id).SequenceEqual(expected.GetProperty("ids").Ints())
                && tokens.Select(t => t.Text).SequenceEqual(expected.GetProperty("tokens").EnumerateArray().Select(t => t.GetString()));

            // Where NFC changes the text the reference's ranges leave out composed marks: only spelling and ids count there.
            bool changes = name == "neox" && !tokenizer.Decode([.. tokens.Select(t => t.Id)]).Equals(text, StringComparison.Ordinal);
            exact &= changes || tokens.Select(t => (t.Start, t.End)).SequenceEqual(
                expected.GetProperty("offsets").EnumerateArray().Select(o => (o[0].GetInt32(), o[1].GetInt32())));
            tally.Check($"{name} offsets.jsonl {line.GetProperty("i")}", exact);
        }
    }

    private void Streams(string name, Tokenizer tokenizer)
    {
        foreach (JsonElement line in Golden.Lines(Path.Combine(_golden, "prefix-decode.jsonl")))
        {
            JsonElement expected = line.GetProperty(name);
            int[] ids = expected.GetProperty("ids").Ints();
            bool exact = Enumerable.Range(1, ids.Length).Select(k => tokenizer.Decode(ids.AsSpan(0, k)))
                .SequenceEqual(expected.GetProperty("prefix_decoded").EnumerateArray().Select(e => e.GetString()!));
            exact &= ids.Select(new StreamingDecoder(tokenizer).Step)
                .SequenceEqual(expected.GetProperty("stream").EnumerateArray().Select(e => e.GetString()));
            exact &= ids.Select(new StreamingDecoder(tokenizer, skipSpecialTokens: true).Step)
                .SequenceEqual((expected.Get("stream_skip") ?? expected.GetProperty("stream")).EnumerateArray().Select(e => e.GetString()));
            tally.Check($"{name} prefix-decode.jsonl {line.GetProperty("i")}", exact);
        }
    }

    private void Decodings(string name, Tokenizer tokenizer)
    {
        JsonElement golden = Golden.Json(Path.Combine(_golden, "decode.json")).GetProperty(name);
        foreach (string kind in (string[])["byte_sequences", "random_ids", "odd_ids"])
        {
            foreach (JsonElement one in golden.GetProperty(kind).EnumerateArray())
            {
                int[] ids = one.GetProperty("ids").Ints();
                bool exact = tokenizer.Decode(ids) == one.Text("decoded");
                exact &= one.Get("decoded_skip") is not { } skip || tokenizer.Decode(ids, skipSpecialTokens: true) == skip.GetString();
                tally.Check($"{name} decode.json {kind} [{string.Join(' ', ids)}]", exact);
            }
        }
    }

    private void Vocabulary(string name, Tokenizer tokenizer)
    {
        JsonElement golden = Golden.Json(Path.Combine(_golden, "exhaustive.json")).GetProperty(name);
        using IncrementalHash decodings = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using IncrementalHash encodings = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int id = 0; id < tokenizer.VocabularySize; id++)
        {
            string text = tokenizer.Decode([id]);
            byte[] utf8 = Encoding.UTF8.GetBytes(text);
            Append(decodings, utf8.Length);
            decodings.AppendData(utf8);
            int[] again = tokenizer.Encode(text);
            Append(encodings, again.Length);
            Array.ForEach(again, id => Append(encodings, id));
        }

        tally.Check($"{name} vocab_size", golden.GetProperty("vocab_size").GetInt32() == tokenizer.VocabularySize);
        tally.Check($"{name} decode_single_sha256", golden.Text("decode_single_sha256") == Hex(decodings));
        tally.Check($"{name} reencode_sha256", golden.Text("reencode_sha256") == Hex(encodings));
    }

    private void CodePoints(string name, Tokenizer tokenizer)
    {
        List<int> ids = [];
        JsonElement golden = Golden.Json(Path.Combine(_golden, "exhaustive.json")).GetProperty(name);
        foreach (JsonElement block in golden.GetProperty("code_point_blocks").EnumerateArray())
        {
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            int last = Convert.ToInt32(block.Text("last"), 16);
            for (int c = Convert.ToInt32(block.Text("first"), 16); c <= last; c++)
            {
                if (c is >= 0xD800 and <= 0xDFFF)
                {
                    continue;
                }

                string s = char.ConvertFromUtf32(c);
                ids.Clear();
                tokenizer.Encode($"a{s}b {s} {s}{s}1{s}'{s}", ids);
                Append(hash, ids.Count);
                ids.ForEach(id => Append(hash, id));
            }

            tally.Check($"{name} code points from {block.Text("first")}", Hex(hash) == block.Text("sha256"));
        }
    }

    private void WholeFiles(string name, Tokenizer tokenizer)
    {
        foreach (JsonElement file in Golden.Json(Path.Combine(_golden, "files.json")).EnumerateArray())
        {
            string path = file.Text("file");
            string text = Golden.ReadText(Path.Combine(data, path));
            JsonElement expected = file.GetProperty(name);
            int[] ids = tokenizer.Encode(text);
            tally.Check($"{name} {path} ids", Golden.Sha256(ids) == expected.Text("ids_sha256"));
            tally.Check($"{name} {path} decoded", tokenizer.Decode(ids) == text);
            int[][] blocks = [.. ids.Chunk(expected.GetProperty("block").GetInt32())];
            string[] digests = [.. expected.GetProperty("block_sha256").EnumerateArray().Select(e => e.GetString()!)];
            for (int i = 0; i < digests.Length; i++)
            {
                tally.Check($"{name} {path} block {i}", i < blocks.Length && Golden.Sha256(blocks[i]) == digests[i]);
            }

            List<int> perLine = [];
            foreach (string line in text.Split('\n'))
            {
                tokenizer.Encode(line, perLine);
            }

            tally.Check($"{name} {path} per line", Golden.Sha256(perLine.ToArray()) == expected.GetProperty("per_line").Text("ids_sha256"));
        }
    }

    private void Conversations(Tokenizer tokenizer)
    {
        foreach (JsonElement line in Golden.Lines(Path.Combine(_golden, "chat.jsonl")))
        {
            foreach (JsonElement rendered in line.GetProperty("rendered").EnumerateArray())
            {
                bool exact = tokenizer.Encode(rendered.Text("text")).AsSpan().SequenceEqual(rendered.GetProperty("ids").Ints());
                tally.Check($"chat.jsonl {line.Text("name")} {rendered.Text("template")}", exact);
            }
        }
    }

    private void SmallModel(string folder)
    {
        Tokenizer tokenizer = Tokenizer.Load(folder);
        foreach (JsonElement one in Golden.Json(Path.Combine(folder, "tokenizer_cases.json")).GetProperty("encode").EnumerateArray())
        {
            int[] ids = tokenizer.Encode(one.Text("text"));
            bool exact = ids.AsSpan().SequenceEqual(one.GetProperty("ids").Ints())
                && tokenizer.Decode(ids) == one.Text("decoded")
                && tokenizer.Decode(ids, skipSpecialTokens: true) == one.Text("decoded_skip_special");
            tally.Check($"{Path.GetFileName(folder)} '{one.Text("text")}'", exact);
        }
    }

    private static void Append(IncrementalHash hash, int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        hash.AppendData(bytes);
    }

    private static string Hex(IncrementalHash hash) => Convert.ToHexStringLower(hash.GetHashAndReset());
}

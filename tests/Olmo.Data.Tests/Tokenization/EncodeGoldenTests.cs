using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Olmo.Data.Tokenization;
using Olmo.Tests;

namespace Olmo.Data.Tests.Tokenization;

public sealed class EncodeGoldenTests
{
    [ReferenceTheory]
    [InlineData("dolma2")]
    [InlineData("neox")]
    public void Encode_GoldenStrings_GivesTheReferenceIdsAndDecodings(string name)
    {
        Tokenizer tokenizer = GoldenTokenizers.ByName(name);
        int cases = 0;
        foreach (JsonElement line in GoldenTokenizers.Lines("encode.jsonl"))
        {
            string text = line.Text("text");
            JsonElement expected = line.GetProperty(name);
            string what = $"case {line.GetProperty("i")} ({line.Text("category")})";
            int[] ids = tokenizer.Encode(text);
            AssertIds(what, expected.Ints("ids"), ids);

            string decoded = expected.TextOrNull("decoded") ?? text;
            AssertText(what, decoded, tokenizer.Decode(ids));
            AssertText(what, expected.TextOrNull("decoded_skip") ?? decoded, tokenizer.Decode(ids, skipSpecialTokens: true));

            int[] plain = tokenizer.Encode(text, new EncodeOptions(SpecialTokensAsText: true));
            AssertIds(what + " plain", expected.TryGetProperty("ids_plain", out JsonElement p) ? p.Ints() : expected.Ints("ids"), plain);
            if (expected.TryGetProperty("ids_plain", out _))
            {
                AssertText(what, expected.TextOrNull("decoded_plain") ?? text, tokenizer.Decode(plain));
            }

            cases++;
        }

        Assert.Equal(845, cases);
    }

    [ReferenceTheory]
    [InlineData("dolma2")]
    [InlineData("neox")]
    public void EncodeWithOffsets_GoldenStrings_GivesTheReferenceTokensAndOffsets(string name)
    {
        Tokenizer tokenizer = GoldenTokenizers.ByName(name);
        int exact = 0;
        int cases = 0;
        foreach (JsonElement line in GoldenTokenizers.Lines("offsets.jsonl"))
        {
            string text = line.Text("text");
            JsonElement expected = line.GetProperty(name);
            string what = $"case {line.GetProperty("i")}";
            IReadOnlyList<EncodedToken> tokens = tokenizer.EncodeWithOffsets(text);
            AssertIds(what, expected.Ints("ids"), [.. tokens.Select(t => t.Id)]);
            Assert.Equal(expected.GetProperty("tokens").EnumerateArray().Select(t => t.GetString()), tokens.Select(t => t.Text));

            bool changes = name == "neox" && NfcNormalizer.Normalize(text) is not null;
            (int, int)[] offsets = [.. expected.GetProperty("offsets").EnumerateArray().Select(o => (o[0].GetInt32(), o[1].GetInt32()))];
            (int, int)[] actual = [.. tokens.Select(t => (t.Start, t.End))];
            cases++;
            exact += offsets.SequenceEqual(actual) ? 1 : 0;
            if (!changes)
            {
                Assert.True(offsets.SequenceEqual(actual), $"{what}: {text}: {string.Join(' ', offsets)} but {string.Join(' ', actual)}");
            }
            else
            {
                // The reference's ranges leave out composed marks and misplace reordered ones; ours leave out nothing but white space.
                int[] starts = GoldenTokenizers.CodePointStarts(text);
                IEnumerable<int> visible = Enumerable.Range(0, starts.Length - 1).Where(i => !char.IsWhiteSpace(text[starts[i]]));
                Assert.All(visible, i => Assert.Contains(actual, o => o.Item1 <= i && i < o.Item2));
            }
        }

        Assert.Equal(165, cases);
        Assert.True(exact >= 137, $"{exact} exact"); // all 165 for dolma2; the rest of neox has texts that NFC changes
    }

    [ReferenceTheory]
    [InlineData("dolma2")]
    [InlineData("neox")]
    public void Scanner_GoldenStrings_CutsTheReferencePieces(string name)
    {
        PieceScanner scanner = GoldenTokenizers.ScannerOf(name);
        int cases = 0;
        foreach (JsonElement line in GoldenTokenizers.Lines("pieces.jsonl"))
        {
            string text = line.Text("text");
            if (name == "neox")
            {
                string normalized = NfcNormalizer.Normalize(text) ?? text;
                Assert.Equal(line.TextOrNull("neox_normalized") ?? text, normalized);
                text = normalized;
            }

            int[] starts = GoldenTokenizers.CodePointStarts(text);
            List<(int, int)> pieces = [];
            for (int at = 0, end; at < text.Length; at = end)
            {
                end = scanner.Next(text, at);
                pieces.Add((Array.BinarySearch(starts, at), Array.BinarySearch(starts, end)));
            }

            Assert.Equal(line.GetProperty(name).EnumerateArray().Select(o => (o[0].GetInt32(), o[1].GetInt32())), pieces);
            cases++;
        }

        Assert.Equal(120, cases);
    }

    [ReferenceTheory]
    [InlineData("dolma2")]
    [InlineData("neox")]
    public void Encode_WholeFiles_GivesTheReferenceDigests(string name)
    {
        Tokenizer tokenizer = GoldenTokenizers.ByName(name);
        foreach (JsonElement file in GoldenTokenizers.Json("tokenizers", "files.json").EnumerateArray())
        {
            string text = File.ReadAllText(ReferenceData.PathOf(file.Text("file").Split('/')), new UTF8Encoding(false, true));
            JsonElement expected = file.GetProperty(name);
            int[] ids = tokenizer.Encode(text);
            Assert.Equal(expected.GetProperty("ids").GetInt32(), ids.Length);
            Assert.Equal(expected.Ints("first"), ids[..expected.GetProperty("first").GetArrayLength()]);
            int size = expected.GetProperty("block").GetInt32();
            Assert.Equal(
                expected.GetProperty("block_sha256").EnumerateArray().Select(e => e.GetString()),
                ids.Chunk(size).Select(c => GoldenTokenizers.Sha256(c)));
            Assert.Equal(expected.Text("ids_sha256"), GoldenTokenizers.Sha256(ids));
            Assert.Equal(text, tokenizer.Decode(ids));

            List<int> perLine = [];
            foreach (string line in text.Split('\n'))
            {
                tokenizer.Encode(line, perLine);
            }

            JsonElement lines = expected.GetProperty("per_line");
            Assert.Equal(lines.Text("ids_sha256"), GoldenTokenizers.Sha256(perLine.ToArray()));
        }
    }

    [ReferenceTheory]
    [InlineData("dolma2")]
    [InlineData("neox")]
    public void Encode_EveryCodePoint_GivesTheReferenceDigests(string name)
    {
        Tokenizer tokenizer = GoldenTokenizers.ByName(name);
        List<string> wrong = [];
        List<int> ids = [];
        foreach (JsonElement block in GoldenTokenizers.Json("tokenizers", "exhaustive.json").GetProperty(name).GetProperty("code_point_blocks").EnumerateArray())
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
                hash.AppendUInt32(ids.Count);
                ids.ForEach(hash.AppendUInt32);
            }

            if (GoldenTokenizers.Hex(hash) != block.Text("sha256"))
            {
                wrong.Add(block.Text("first"));
            }
        }

        Assert.Empty(wrong);
    }

    [ReferenceTheory]
    [InlineData("dolma2")]
    [InlineData("neox")]
    public void Decode_EveryVocabularyEntry_GivesTheReferenceDigests(string name)
    {
        Tokenizer tokenizer = GoldenTokenizers.ByName(name);
        JsonElement expected = GoldenTokenizers.Json("tokenizers", "exhaustive.json").GetProperty(name);
        Assert.Equal(expected.GetProperty("vocab_size").GetInt32(), tokenizer.VocabularySize);
        using IncrementalHash decodings = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using IncrementalHash encodings = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int id = 0; id < tokenizer.VocabularySize; id++)
        {
            string text = tokenizer.Decode([id]);
            byte[] utf8 = Encoding.UTF8.GetBytes(text);
            decodings.AppendUInt32(utf8.Length);
            decodings.AppendData(utf8);
            int[] again = tokenizer.Encode(text);
            encodings.AppendUInt32(again.Length);
            Array.ForEach(again, encodings.AppendUInt32);
        }

        Assert.Equal(expected.Text("decode_single_sha256"), GoldenTokenizers.Hex(decodings));
        Assert.Equal(expected.Text("reencode_sha256"), GoldenTokenizers.Hex(encodings));
    }

    [ReferenceFact]
    public void Encode_RenderedConversations_GivesTheReferenceIds()
    {
        Tokenizer tokenizer = GoldenTokenizers.ByName("dolma2");
        int cases = 0;
        foreach (JsonElement rendered in GoldenTokenizers.Lines("chat.jsonl").SelectMany(l => l.GetProperty("rendered").EnumerateArray()))
        {
            AssertIds(rendered.Text("template"), rendered.Ints("ids"), tokenizer.Encode(rendered.Text("text")));
            cases++;
        }

        Assert.True(cases > 24);
    }

    [ReferenceTheory]
    [InlineData("olmo2-tiny", 508, 507)]
    [InlineData("olmo2-deep", 0, 1)]
    public void Tokenizer_OfASmallModel_AgreesWithItsCases(string model, int eos, int pad)
    {
        Tokenizer tokenizer = Tokenizer.Load(ReferenceData.PathOf("golden", "models", model));
        JsonElement cases = GoldenTokenizers.Json("models", model, "tokenizer_cases.json");
        Assert.Equal(cases.GetProperty("vocab_size").GetInt32(), tokenizer.VocabularySize);
        Assert.Equal(eos, tokenizer.EosId);
        Assert.Equal(pad, tokenizer.PadId);
        foreach (JsonElement one in cases.GetProperty("encode").EnumerateArray())
        {
            int[] ids = tokenizer.Encode(one.Text("text"));
            AssertIds(one.Text("text"), one.Ints("ids"), ids);
            Assert.Equal(one.Text("decoded"), tokenizer.Decode(ids));
            Assert.Equal(one.Text("decoded_skip_special"), tokenizer.Decode(ids, skipSpecialTokens: true));
        }
    }

    private static void AssertIds(string what, int[] expected, int[] actual) =>
        Assert.True(expected.AsSpan().SequenceEqual(actual), $"{what}: [{string.Join(' ', expected)}] but [{string.Join(' ', actual)}]");

    private static void AssertText(string what, string expected, string actual) =>
        Assert.True(string.Equals(expected, actual, StringComparison.Ordinal), $"{what}: '{expected}' but '{actual}'");
}

using System.Text.Json;
using Olmo.Data.Tokenization;
using Olmo.Tests;

namespace Olmo.Data.Tests.Tokenization;

public sealed class DecodeGoldenTests
{
    [ReferenceTheory]
    [InlineData("dolma2")]
    [InlineData("neox")]
    public void Decode_BytesAndOddIds_GivesTheReferenceText(string name)
    {
        Tokenizer tokenizer = GoldenTokenizers.ByName(name);
        JsonElement golden = GoldenTokenizers.Json("tokenizers", "decode.json").GetProperty(name);
        int b = 0;
        foreach (JsonElement id in golden.GetProperty("byte_ids").EnumerateArray())
        {
            int? expected = id.ValueKind == JsonValueKind.Null ? null : id.GetInt32();
            Assert.Equal(expected, tokenizer.IdOf(ByteAlphabet.ToChar((byte)b).ToString()));
            if (expected is { } known)
            {
                Assert.Equal([(byte)b], tokenizer.BytesOf(known).ToArray());
            }

            b++;
        }

        Assert.Equal(256, b);
        foreach (JsonElement one in golden.GetProperty("byte_sequences").EnumerateArray())
        {
            Assert.Equal(one.Text("decoded"), tokenizer.Decode(one.Ints("ids")));
        }

        foreach (JsonElement one in golden.GetProperty("random_ids").EnumerateArray().Concat(golden.GetProperty("odd_ids").EnumerateArray()))
        {
            Assert.Equal(one.Text("decoded"), tokenizer.Decode(one.Ints("ids")));
            Assert.Equal(one.Text("decoded_skip"), tokenizer.Decode(one.Ints("ids"), skipSpecialTokens: true));
        }
    }

    [ReferenceTheory]
    [InlineData("dolma2")]
    [InlineData("neox")]
    public void StreamingDecoder_GoldenPrefixes_GivesTheReferenceParts(string name)
    {
        Tokenizer tokenizer = GoldenTokenizers.ByName(name);
        int cases = 0;
        foreach (JsonElement line in GoldenTokenizers.Lines("prefix-decode.jsonl"))
        {
            JsonElement expected = line.GetProperty(name);
            int[] ids = expected.Ints("ids");
            Assert.Equal(ids, tokenizer.Encode(line.Text("text"))[..ids.Length]);
            Assert.Equal(
                expected.GetProperty("prefix_decoded").EnumerateArray().Select(e => e.GetString()),
                Enumerable.Range(1, ids.Length).Select(k => tokenizer.Decode(ids.AsSpan(0, k))));

            JsonElement stream = expected.GetProperty("stream");
            AssertStream(stream, new StreamingDecoder(tokenizer), ids, tokenizer.Decode(ids));
            JsonElement skip = expected.TryGetProperty("stream_skip", out JsonElement differs) ? differs : stream;
            AssertStream(skip, new StreamingDecoder(tokenizer, skipSpecialTokens: true), ids, tokenizer.Decode(ids, skipSpecialTokens: true));
            cases++;
        }

        Assert.Equal(70, cases);
    }

    private static void AssertStream(JsonElement expected, StreamingDecoder decoder, int[] ids, string whole)
    {
        string?[] parts = [.. ids.Select(decoder.Step)];
        Assert.Equal(expected.EnumerateArray().Select(e => e.GetString()), parts);
        Assert.Equal(whole, string.Concat(parts) + decoder.Finish());
    }
}

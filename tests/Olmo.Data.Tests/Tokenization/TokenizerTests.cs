using System.Buffers;
using System.Globalization;
using System.Text;
using Olmo.Data.Tokenization;

namespace Olmo.Data.Tests.Tokenization;

/// <summary>Without reference data: a tokenizer trained on the spot.</summary>
public sealed class TokenizerTests
{
    private const string Sample =
        "The quick brown fox jumps over the lazy dog. The dog doesn't mind, it's 12345 years old!\n\n"
        + "Über den Wölken: naïve café — 日本語テスト 😀😁 \t\t  the the the then there.\r\n";

    [Theory]
    [InlineData(SplitPattern.Gpt2)]
    [InlineData(SplitPattern.Cl100k)]
    public void EncodeDecode_AnyText_ComesBack(SplitPattern pattern)
    {
        Tokenizer tokenizer = Train(pattern, 400);
        string[] texts = [Sample, "", " ", "\n", "'", "a\0b", "<|endoftext|>", "x<|endoftext|>y<|pad|>", "\U00011935\u0301", new string('a', 5000), "日本語" + Sample];
        Assert.All(texts, text => Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text))));
    }

    [Fact]
    public void Encode_SpecialTokens_AreIdsOrTextOrLeftOut()
    {
        Tokenizer tokenizer = Train(SplitPattern.Cl100k, 300);
        Assert.Equal((0, 1, null as int?), (tokenizer.EosId, tokenizer.PadId, tokenizer.BosId));
        int[] ids = tokenizer.Encode("a<|endoftext|>b");
        Assert.Equal([tokenizer.IdOf("a")!.Value, 0, tokenizer.IdOf("b")!.Value], ids);
        Assert.Equal("ab", tokenizer.Decode(ids, skipSpecialTokens: true));
        int[] plain = tokenizer.Encode("a<|endoftext|>b", new EncodeOptions(SpecialTokensAsText: true));
        Assert.DoesNotContain(0, plain);
        Assert.Equal("a<|endoftext|>b", tokenizer.Decode(plain, skipSpecialTokens: true));
    }

    [Fact]
    public void Encode_AllForms_GiveTheSameIds()
    {
        Tokenizer tokenizer = Train(SplitPattern.Gpt2, 400);
        int[] ids = tokenizer.Encode(Sample);
        List<int> list = [7];
        tokenizer.Encode(Sample, list);
        ArrayBufferWriter<int> writer = new();
        tokenizer.Encode(Sample, writer);
        Assert.Equal([7, .. ids], list);
        Assert.Equal(ids, writer.WrittenSpan.ToArray());
        Assert.Equal(ids.Length, tokenizer.Count(Sample));
        Assert.Equal(ids, tokenizer.EncodeWithOffsets(Sample).Select(t => t.Id));
    }

    [Fact]
    public void Encode_FromManyThreads_GivesTheSameIds()
    {
        Tokenizer tokenizer = Train(SplitPattern.Cl100k, 500);
        string[] texts = [.. Enumerable.Range(0, 400).Select(i => string.Create(CultureInfo.InvariantCulture, $"{Sample[(i % 60)..]} word{i * 7919} {Sample[..(i % 90)]}"))];
        int[][] expected = [.. texts.Select(t => tokenizer.Encode(t))];
        int[][] actual = new int[texts.Length][];
        Parallel.For(0, texts.Length, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i => actual[i] = tokenizer.Encode(texts[i]));
        Assert.Equal(expected, actual);
    }

    [Fact]
    public void EncodeWithOffsets_PlainText_CoversEveryCodePoint()
    {
        Tokenizer tokenizer = Train(SplitPattern.Cl100k, 400);
        IReadOnlyList<EncodedToken> tokens = tokenizer.EncodeWithOffsets("aé😀 the");
        Assert.Equal(0, tokens[0].Start);
        Assert.Equal(7, tokens[^1].End);
        Assert.All(tokens.Zip(tokens.Skip(1)), p => Assert.True(p.Second.Start >= p.First.End - 1 && p.Second.Start <= p.First.End));
        Assert.All(tokens.Where(t => t.Start == 2), t => Assert.Equal(3, t.End)); // the parts of one astral character share its range
    }

    [Fact]
    public void Encode_UnpairedSurrogate_IsReplacementCharacter()
    {
        Tokenizer tokenizer = Train(SplitPattern.Gpt2, 300);
        Assert.Equal(tokenizer.Encode("a\uFFFDb"), tokenizer.Encode("a\uD800b"));
    }

    [Fact]
    public void Decode_UnknownIds_AreDropped()
    {
        Tokenizer tokenizer = Train(SplitPattern.Gpt2, 300);
        int a = tokenizer.IdOf("a")!.Value;
        Assert.Equal("aa", tokenizer.Decode([a, -1, tokenizer.VocabularySize, int.MaxValue, a]));
        Assert.Null(tokenizer.TokenOf(tokenizer.VocabularySize));
        Assert.Null(tokenizer.IdOf("not a token"));
    }

    [Fact]
    public void Encode_LongPiece_GivesTheSameIdsAsItsParts()
    {
        // The heap serves pieces above 96 bytes, the scan those below: the same merges must come out.
        Tokenizer tokenizer = Train(SplitPattern.Cl100k, 500);
        MergeTable merges = new([new Merge(0, 0, 1), new Merge(1, 1, 2), new Merge(2, 0, 3), new Merge(0, 1, 4), new Merge(5, 0, 6)]);
        for (int length = 1; length < 300; length++)
        {
            int[] fast = [.. Enumerable.Range(0, length).Select(i => i % 17 == 3 ? 5 : 0)];
            int[] slow = [.. BruteForceMerge(fast, merges)];
            Assert.Equal(slow, fast[..new PieceMerger(merges).Merge(fast)]);
        }

        string longPiece = new('e', 4000);
        Assert.Equal(longPiece, tokenizer.Decode(tokenizer.Encode(longPiece)));
    }

    [Fact]
    public void ToJson_ReadBack_GivesTheSameBytesAndIds()
    {
        Tokenizer tokenizer = Train(SplitPattern.Cl100k, 400);
        byte[] json = tokenizer.ToJson();
        Tokenizer again = Tokenizer.Parse(json);
        Assert.Equal(json, again.ToJson());
        Assert.Equal(tokenizer.Encode(Sample), again.Encode(Sample));
    }

    [Fact]
    public void SaveLoad_WithConfigBeside_NamesItsSpecialTokens()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("olmo-tokenizer-");
        try
        {
            string file = Path.Combine(folder.FullName, "tokenizer.json");
            Train(SplitPattern.Gpt2, 300).Save(file);
            Assert.Equal([file], Directory.GetFiles(folder.FullName));
            File.WriteAllText(
                Path.Combine(folder.FullName, "tokenizer_config.json"),
                """{"eos_token": {"content": "<|pad|>"}, "bos_token": "<|endoftext|>", "pad_token": null}""");
            Tokenizer tokenizer = Tokenizer.Load(folder.FullName);
            Assert.Equal((1, 0, 1), (tokenizer.EosId, tokenizer.BosId, tokenizer.PadId));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void StreamingDecoder_SplitCharacter_WaitsForItsLastByte()
    {
        Tokenizer tokenizer = Train(SplitPattern.Gpt2, 260);
        byte[] utf8 = Encoding.UTF8.GetBytes("é😀");
        StreamingDecoder decoder = new(tokenizer);
        List<string?> parts = [.. utf8.Select(b => decoder.Step(tokenizer.IdOf(ByteAlphabet.ToChar(b).ToString())!.Value))];
        Assert.Equal([null, "é", null, null, null, "😀"], parts);
        Assert.Null(decoder.Step(tokenizer.IdOf(ByteAlphabet.ToChar(0xF0).ToString())!.Value));
        Assert.Equal("\uFFFD", decoder.Finish());
        Assert.Equal("", decoder.Finish());
    }

    internal static Tokenizer Train(SplitPattern pattern, int size) =>
        new BpeTrainer(new BpeTrainerOptions { VocabularySize = size, Pattern = pattern }).Train([Sample, Sample]);

    private static List<int> BruteForceMerge(int[] symbols, MergeTable merges)
    {
        List<int> list = [.. symbols];
        while (true)
        {
            int best = -1;
            int bestRank = MergeTable.NoRank;
            for (int i = 0; i + 1 < list.Count; i++)
            {
                int rank = merges.Find(list[i], list[i + 1], out _);
                if (rank < bestRank)
                {
                    (best, bestRank) = (i, rank);
                }
            }

            if (best < 0)
            {
                return list;
            }

            merges.Find(list[best], list[best + 1], out int result);
            list[best] = result;
            list.RemoveAt(best + 1);
        }
    }
}

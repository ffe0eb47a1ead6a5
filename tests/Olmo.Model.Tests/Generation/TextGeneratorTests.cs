using System.Text;
using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Generation;
using Olmo.Model.Models;
using Olmo.Model.Tests.Models;

namespace Olmo.Model.Tests.Generation;

/// <summary>Text over a tiny model whose tokens are bytes.</summary>
public sealed class TextGeneratorTests
{
    [Fact]
    public void Stream_CharactersOverSeveralTokens_NeverEndInsideOne()
    {
        Run((tokens, bytes) =>
        {
            TextGenerator text = new(tokens, Encode, bytes);
            GenerationSettings settings = new() { MaxNewTokens = 60, Sampling = new SamplingSettings { Temperature = 3.0, Seed = 2 } };
            string[] pieces = [.. text.Stream("ab", settings)];
            int[] ids = [.. tokens.Stream(Encode("ab"), settings)];
            Assert.Equal(60, ids.Length);
            Assert.True(pieces.Length > 1);
            // Whole characters come out whole: only bytes that never become one are replaced.
            Assert.All(pieces.SkipLast(1), piece => Assert.NotEqual('\uFFFD', piece[^1]));
            Assert.Equal(Decode(ids), string.Concat(pieces));
            Assert.Equal(string.Concat(pieces), text.Generate("ab", settings));
        });
    }

    [Fact]
    public void Stream_StopToken_EndsTheTextAndIsNoPartOfIt()
    {
        Run((tokens, bytes) =>
        {
            TextGenerator text = new(tokens, Encode, bytes);
            GenerationSettings settings = new() { MaxNewTokens = 60, Sampling = new SamplingSettings { Temperature = 3.0, Seed = 2 } };
            int[] ids = [.. tokens.Stream(Encode("ab"), settings)];
            int stop = ids[10];
            int first = Array.IndexOf(ids, stop);
            Assert.Equal(Decode(ids[..first]), text.Generate("ab", settings with { StopTokens = [stop] }));
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void GenerateBatch_UnequalPrompts_GivesEachTheTextThatItHasAlone(int sideBySide)
    {
        string[] prompts = ["ab", "x", "a longer one", "and one more", "y"];
        Run(
            (tokens, bytes) =>
            {
                TextGenerator text = new(tokens, Encode, bytes);
                GenerationSettings settings = new() { MaxNewTokens = 40, StopTokens = [7], Sampling = new SamplingSettings { Temperature = 3.0, Seed = 2 } };
                List<(int Row, string Piece)> streamed = [];
                Dictionary<int, (string Text, GeneratedSequence Sequence)> ended = [];
                IReadOnlyList<string> texts = text.GenerateBatch(
                    prompts,
                    settings,
                    (row, piece) =>
                    {
                        Assert.DoesNotContain(row, ended.Keys);
                        streamed.Add((row, piece));
                    },
                    (row, whole, sequence) => ended.Add(row, (whole, sequence)));
                for (int row = 0; row < prompts.Length; row++)
                {
                    Assert.Equal(text.Generate(prompts[row], settings, row), texts[row]);
                    Assert.Equal(text.Stream(prompts[row], settings, row), streamed.Where(s => s.Row == row).Select(s => s.Piece));
                    Assert.Equal(texts[row], ended[row].Text);
                    Assert.True(tokens.Generate(Encode(prompts[row]), settings, row).Ids.SequenceEqual(ended[row].Sequence.Ids));
                }
            },
            sideBySide);
    }

    [Fact]
    public void Step_SequenceTwiceInOnePass_IsRefused()
    {
        using ComputePool pool = new(1);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        using ResidentWeights weights = TinyModels.Weights(provider, TinyModels.Config("olmo2"));
        using OlmoDecoder decoder = new(provider, weights.Parameters, weights, sequences: 2, capacity: 8);
        Assert.Contains("twice", Assert.Throws<ArgumentException>(() => decoder.Step([1, 1], [2, 3], new float[58])).Message, StringComparison.Ordinal);
        Assert.Contains("29", Assert.Throws<ArgumentException>(() => decoder.Append(0, [29], [])).Message, StringComparison.Ordinal);
        Assert.Equal(0, decoder.LengthOf(1));
    }

    private static void Run(Action<TokenGenerator, Func<IReadOnlyList<int>, string>> test, int sequences = 1)
    {
        using ComputePool pool = new(1);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        OlmoConfig config = TinyModels.Config("olmo2") with { Vocabulary = 256, ContextLength = 80 };
        using ResidentWeights weights = TinyModels.Weights(provider, config);
        using OlmoDecoder decoder = new(provider, weights.Parameters, weights, sequences, capacity: 80);
        test(new TokenGenerator(decoder), Decode);
    }

    private static int[] Encode(string text) => [.. Encoding.UTF8.GetBytes(text).Select(b => (int)b)];

    private static string Decode(IReadOnlyList<int> ids) => Encoding.UTF8.GetString([.. ids.Select(i => (byte)i)]);
}

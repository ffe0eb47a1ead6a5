using System.Text.Json;
using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Formats;
using Olmo.Model.Generation;
using Olmo.Model.Models;
using Olmo.Model.Tensors;
using Olmo.Model.Tests.Models;
using Olmo.Tests;

namespace Olmo.Model.Tests.Generation;

/// <summary>Decoding over the cache against the reference implementation's ids, and against the pass over the whole sequence, bit for bit.</summary>
public sealed class GenerationGoldenTests
{
    [ReferenceTheory]
    [MemberData(nameof(GoldenModelTests.Folders), MemberType = typeof(GoldenModelTests))]
    public void Generate_EveryCase_GivesTheReferencesIds(string name)
    {
        using ComputePool pool = new(2);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        using GoldenModel golden = new(name, provider);
        AssertIds(name, golden, provider, golden.Weights);
    }

    /// <summary>As `olmo generate` holds them: bf16 files as bf16.</summary>
    [ReferenceTheory]
    [MemberData(nameof(GoldenModelTests.Folders), MemberType = typeof(GoldenModelTests))]
    public void Generate_WithPackedWeights_GivesTheReferencesIds(string name)
    {
        using ComputePool pool = new(2);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        using GoldenModel golden = new(name, provider);
        using HuggingFaceFolder folder = HuggingFaceFolder.Open(ReferenceData.PathOf("golden", "models", name));
        using PackedWeights weights = folder.LoadPacked(provider);
        Assert.Equal(name == "olmo2-deep" ? DType.BF16 : DType.F32, weights.Type);
        AssertIds(name, golden, provider, weights);
    }

    private static void AssertIds(string name, GoldenModel golden, CpuProvider provider, IWeightSource weights)
    {
        using OlmoDecoder decoder = new(provider, golden.Parameters, weights, sequences: 2, capacity: 64, maxRows: 8);
        TokenGenerator generator = new(decoder);
        foreach (JsonElement facts in golden.OpenJson("generation.json").GetProperty("cases").EnumerateArray())
        {
            string id = $"{name} {facts.GetProperty("name").GetString()}";
            JsonElement eos = facts.GetProperty("eos_token_id");
            GenerationSettings settings = new()
            {
                MaxNewTokens = facts.GetProperty("max_new_tokens").GetInt32(),
                StopTokens = eos.ValueKind == JsonValueKind.Null ? [] : [eos.GetInt32()],
                Sampling = SamplingSettings.Greedy with { RepetitionPenalty = facts.GetProperty("repetition_penalty").GetDouble() },
            };
            if (facts.GetProperty("prompt")[0].ValueKind != JsonValueKind.Array)
            {
                Assert.Equal(Ids(facts.GetProperty("new_ids")), generator.Generate(Ids(facts.GetProperty("prompt")), settings).Ids);
                continue;
            }

            int pad = facts.GetProperty("pad_token_id").GetInt32();
            IReadOnlyList<GeneratedSequence> rows = generator.GenerateBatch([.. facts.GetProperty("prompt").EnumerateArray().Select(Ids)], settings);
            int[][] expected = [.. facts.GetProperty("new_ids").EnumerateArray().Select(Ids)];
            for (int r = 0; r < expected.Length; r++)
            {
                // The reference fills rows that ended with the pad token.
                int[] ids = [.. rows[r].Ids, .. Enumerable.Repeat(pad, expected[r].Length - rows[r].Ids.Length)];
                Assert.True(expected[r].SequenceEqual(ids), $"{id} row {r}: {string.Join(' ', ids)}");
            }
        }
    }

    [ReferenceTheory]
    [MemberData(nameof(GoldenModelTests.Folders), MemberType = typeof(GoldenModelTests))]
    public void Decoder_HoweverTokensAreCut_GivesTheBitsOfTheWholePass(string name)
    {
        using ComputePool pool = new(2);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        using GoldenModel golden = new(name, provider);
        int[] ids = [.. GoldenModel.Integers(golden.Cases, "packed.input_ids"), .. GoldenModel.Integers(golden.Cases, "b2_t16.input_ids")];
        int vocabulary = golden.Parameters.Config.Vocabulary;
        using OlmoModel model = golden.Model(1, ids.Length, GradientStorage.None);
        float[] whole = new float[ids.Length * vocabulary];
        model.Logits<float>(new MicroBatch(ids, ids.Length), whole);

        using OlmoDecoder decoder = new(provider, golden.Parameters, golden.Weights, sequences: 2, capacity: ids.Length, maxRows: 5);
        float[] logits = new float[2 * vocabulary];
        for (int t = 0; t < ids.Length; t++)
        {
            decoder.Append(0, ids.AsSpan(t, 1), logits.AsSpan(0, vocabulary));
            AssertBits(whole, logits, t, vocabulary, name);
        }

        decoder.Truncate(0, 7);
        decoder.Append(0, ids.AsSpan(7, 23), logits.AsSpan(0, vocabulary));
        AssertBits(whole, logits, 29, vocabulary, name);
        decoder.Append(1, ids.AsSpan(0, 12), []);
        decoder.Step([1, 0], [ids[12], ids[30]], logits);
        AssertBits(whole, logits, 12, vocabulary, name);
        AssertBits(whole, logits.AsSpan(vocabulary).ToArray(), 30, vocabulary, name);
    }

    [ReferenceFact]
    public void GenerateBatch_SampledRowsOfUnequalPrompts_EqualEachRowAlone()
    {
        using ComputePool pool = new(1);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        using GoldenModel golden = new("olmo2-gqa", provider);
        using OlmoDecoder decoder = new(provider, golden.Parameters, golden.Weights, sequences: 3, capacity: 40);
        TokenGenerator generator = new(decoder);
        GenerationSettings settings = new() { MaxNewTokens = 20, Sampling = new SamplingSettings { Temperature = 0.9, TopK = 50, TopP = 0.95, Seed = 7 } };
        int[][] prompts = [[5, 9, 11, 200], [3], [400, 401, 402, 17, 20, 21, 22, 23, 24]];
        List<(int Row, int Token)> streamed = [];
        IReadOnlyList<GeneratedSequence> rows = generator.GenerateBatch(prompts, settings, (row, token) => streamed.Add((row, token)));
        for (int r = 0; r < prompts.Length; r++)
        {
            Assert.Equal(20, rows[r].Ids.Length);
            Assert.Equal(FinishReason.Length, rows[r].Reason);
            Assert.Equal(rows[r].Ids, streamed.Where(s => s.Row == r).Select(s => s.Token));
            Assert.True(rows[r].Ids.SequenceEqual(generator.Generate(prompts[r], settings, r).Ids), $"row {r}");
        }

        Assert.False(rows[0].Ids.SequenceEqual(generator.Generate(prompts[0], settings with { Sampling = settings.Sampling with { Seed = 8 } }, 0).Ids));
    }

    [ReferenceFact]
    public void Generate_CacheIsFull_EndsWithCapacity()
    {
        using ComputePool pool = new(1);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        using GoldenModel golden = new("olmo2-tiny", provider);
        using OlmoDecoder decoder = new(provider, golden.Parameters, golden.Weights, sequences: 1, capacity: 6);
        TokenGenerator generator = new(decoder);
        GeneratedSequence one = generator.Generate([1, 2, 3], new GenerationSettings { MaxNewTokens = 50 });
        Assert.Equal(FinishReason.Capacity, one.Reason);
        Assert.Equal(4, one.Ids.Length);
        Assert.True(one.Ids.SequenceEqual(generator.GenerateBatch([[1, 2, 3]], new GenerationSettings { MaxNewTokens = 50 })[0].Ids));
        Assert.Equal(6, generator.Generate([1, 2, 3], new GenerationSettings { MaxNewTokens = 3 }).Ids.Length + 3);
        ArgumentException e = Assert.Throws<ArgumentException>(() => decoder.Append(0, [1, 2, 3, 4, 5, 6, 7], []));
        Assert.Contains("the 6 of the cache", e.Message, StringComparison.Ordinal);
    }

    private static int[] Ids(JsonElement array) => [.. array.EnumerateArray().Select(v => v.GetInt32())];

    private static void AssertBits(float[] whole, float[] logits, int position, int vocabulary, string name)
    {
        for (int j = 0; j < vocabulary; j++)
        {
            Assert.True(
                BitConverter.SingleToInt32Bits(whole[(position * vocabulary) + j]) == BitConverter.SingleToInt32Bits(logits[j]),
                $"{name} position {position}, token {j}: {logits[j]:R}, expected {whole[(position * vocabulary) + j]:R}");
        }
    }
}

using System.Text.Json;
using Olmo.Model.Generation;
using Olmo.Model.Numerics;
using Olmo.Tests;

namespace Olmo.Model.Tests.Generation;

public sealed class SamplerTests
{
    [ReferenceFact]
    public void Probabilities_EveryCase_MatchReference()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(ReferenceData.PathOf("golden", "models", "sampling.json")));
        JsonElement root = document.RootElement;
        int[] history = [.. root.GetProperty("history").EnumerateArray().Select(v => v.GetInt32())];
        int cases = 0;
        foreach (JsonElement facts in root.GetProperty("cases").EnumerateArray())
        {
            string name = facts.GetProperty("logits").GetString()!;
            float[] logits = [.. root.GetProperty("logits").GetProperty(name).EnumerateArray().Select(v => (float)v.GetDouble())];
            JsonElement settings = facts.GetProperty("settings");
            Sampler sampler = new(logits.Length, new SamplingSettings
            {
                Temperature = Setting(settings, "temperature", 1.0),
                TopK = (int)Setting(settings, "top_k", 0.0),
                TopP = Setting(settings, "top_p", 1.0),
                RepetitionPenalty = Setting(settings, "repetition_penalty", 1.0),
            });
            double[] probabilities = new double[logits.Length];
            sampler.Probabilities(logits, history, probabilities);
            string what = $"{name} {settings}";
            int[] kept = [.. Enumerable.Range(0, logits.Length).Where(i => probabilities[i] > 0.0)];
            int[] expectedKept = [.. facts.GetProperty("kept").EnumerateArray().Select(v => v.GetInt32())];
            double[] expected = [.. facts.GetProperty("probs_f64").EnumerateArray().Select(v => v.GetDouble())];
            // A kept id may be too improbable for a double.
            Assert.True(expectedKept.Where(i => expected[i] > 0.0).SequenceEqual(kept), $"{what}: kept {string.Join(' ', kept)}");
            for (int i = 0; i < expected.Length; i++)
            {
                Assert.True(Math.Abs(expected[i] - probabilities[i]) <= 1e-6, $"{what} [{i}]: {probabilities[i]:R}, expected {expected[i]:R}");
            }

            cases++;
        }

        Assert.Equal(77, cases);
    }

    [Fact]
    public void Next_ManyDraws_FollowTheProbabilities()
    {
        float[] logits = [1.0f, 0.0f, -1.0f, 2.0f];
        Sampler sampler = new(4, new SamplingSettings());
        double[] probabilities = new double[4];
        sampler.Probabilities(logits, [], probabilities);
        RandomStream stream = Sampler.StreamOf(1, 0);
        int[] counts = new int[4];
        const int Draws = 20_000;
        for (ulong i = 0; i < Draws; i++)
        {
            counts[sampler.Next(logits, [], stream, i)]++;
        }

        for (int i = 0; i < 4; i++)
        {
            double deviation = Math.Sqrt(Draws * probabilities[i] * (1.0 - probabilities[i]));
            Assert.InRange(counts[i], (Draws * probabilities[i]) - (5 * deviation), (Draws * probabilities[i]) + (5 * deviation));
        }
    }

    [Fact]
    public void Next_SamePosition_GivesSameTokenAfterAnyOtherDraws()
    {
        float[] logits = [.. Enumerable.Range(0, 100).Select(i => (i % 7) * 0.1f)];
        Sampler sampler = new(100, new SamplingSettings { TopP = 0.9 });
        int first = sampler.Next(logits, [], Sampler.StreamOf(3, 5), 11);
        int other = sampler.Next(logits, [], Sampler.StreamOf(3, 6), 11);
        Assert.Equal(first, sampler.Next(logits, [], Sampler.StreamOf(3, 5), 11));
        Assert.NotEqual(first, other);
    }

    [Fact]
    public void Next_LogitIsNaN_NamesTheToken()
    {
        Sampler sampler = new(3, SamplingSettings.Greedy);
        ArgumentException e = Assert.Throws<ArgumentException>(() => sampler.Next([0f, float.NaN, 1f], [], Sampler.StreamOf(0, 0), 0));
        Assert.Contains("token 1", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1.0, 0, 1.0, 1.0, "Temperature")]
    [InlineData(1.0, -1, 1.0, 1.0, "TopK")]
    [InlineData(1.0, 0, 0.0, 1.0, "TopP")]
    [InlineData(1.0, 0, 1.0, 0.0, "RepetitionPenalty")]
    public void Settings_OutOfRange_AreNamed(double temperature, int topK, double topP, double penalty, string name)
    {
        SamplingSettings settings = new() { Temperature = temperature, TopK = topK, TopP = topP, RepetitionPenalty = penalty };
        Assert.Equal(name, Assert.Throws<ArgumentOutOfRangeException>(() => new Sampler(4, settings)).ParamName);
    }

    private static double Setting(JsonElement settings, string key, double otherwise) =>
        settings.TryGetProperty(key, out JsonElement value) ? value.GetDouble() : otherwise;
}

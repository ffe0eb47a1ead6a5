using System.Collections.Immutable;
using Olmo.Model.Numerics;

namespace Olmo.Model.Generation;

/// <summary>
/// Generates tokens after prompts. A sequence's tokens depend on its prompt, the settings and its number only, not on what is generated beside it.
/// </summary>
/// <param name="decoder">The model; its sequences are used from 0 on and forgotten at each start.</param>
public sealed class TokenGenerator(OlmoDecoder decoder)
{
    private readonly int _vocabulary = decoder.Parameters.Config.Vocabulary;

    /// <summary>Generates one sequence, token by token as they are asked for.</summary>
    /// <param name="prompt">At least one token.</param>
    /// <param name="settings">What to generate.</param>
    /// <param name="sequence">Number of the sequence, which its random numbers are keyed by.</param>
    /// <param name="cancellationToken">Ends the enumeration with an exception.</param>
    public IEnumerable<int> Stream(
        IReadOnlyList<int> prompt, GenerationSettings settings, long sequence = 0, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentNullException.ThrowIfNull(settings);
        Sampler sampler = new(_vocabulary, settings.Sampling);
        return Enumerate([.. prompt], settings, sampler, Sampler.StreamOf(settings.Sampling.Seed, sequence), cancellationToken);
    }

    /// <summary>Generates one sequence.</summary>
    public GeneratedSequence Generate(IReadOnlyList<int> prompt, GenerationSettings settings, long sequence = 0, CancellationToken cancellationToken = default)
    {
        ImmutableArray<int> ids = [.. Stream(prompt, settings, sequence, cancellationToken)];
        return new GeneratedSequence(ids, ReasonOf(ids, settings));
    }

    /// <summary>
    /// Generates one sequence after each prompt, as many side by side as the decoder has sequences: where one ends, the next prompt takes its place. Prompts may differ in length.
    /// </summary>
    /// <param name="prompts">The prompts; their places are the numbers of their sequences.</param>
    /// <param name="settings">What to generate.</param>
    /// <param name="onToken">Called with (prompt, token) as tokens are chosen; may be null.</param>
    /// <param name="onEnd">Called with (prompt, sequence) when one has ended, after its last token; may be null.</param>
    /// <param name="cancellationToken">Looked at before each pass.</param>
    /// <returns>The sequences, in the order of the prompts.</returns>
    /// <exception cref="ArgumentException">A prompt is empty or longer than the decoder's capacity.</exception>
    public IReadOnlyList<GeneratedSequence> GenerateBatch(
        IReadOnlyList<IReadOnlyList<int>> prompts,
        GenerationSettings settings,
        Action<int, int>? onToken = null,
        Action<int, GeneratedSequence>? onEnd = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompts);
        ArgumentNullException.ThrowIfNull(settings);
        Sampler sampler = new(_vocabulary, settings.Sampling);
        GeneratedSequence[] results = new GeneratedSequence[prompts.Count];
        int sideBySide = Math.Min(prompts.Count, decoder.Sequences);
        Stack<int> free = new(Enumerable.Range(0, sideBySide).Reverse());
        List<Row> open = new(sideBySide);
        float[] logits = new float[(long)_vocabulary * Math.Max(1, sideBySide)];
        for (int next = 0; next < prompts.Count || open.Count > 0;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (next < prompts.Count && free.TryPop(out int slot))
            {
                Row row = new(next, slot, [.. prompts[next]], Sampler.StreamOf(settings.Sampling.Seed, next));
                next++;
                decoder.Truncate(slot, 0);
                decoder.Append(slot, row.Tokens.ToArray(), logits.AsSpan(0, _vocabulary));
                Choose(row, logits.AsSpan(0, _vocabulary), settings, sampler, onToken);
                open.Add(row);
            }
            else
            {
                decoder.Step([.. open.Select(r => r.Slot)], [.. open.Select(r => r.Tokens[^1])], logits.AsSpan(0, open.Count * _vocabulary));
                for (int i = 0; i < open.Count; i++)
                {
                    Choose(open[i], logits.AsSpan(i * _vocabulary, _vocabulary), settings, sampler, onToken);
                }
            }

            foreach (Row row in open.Where(r => !r.IsOpen))
            {
                free.Push(row.Slot);
                results[row.Index] = row.Result(settings);
                onEnd?.Invoke(row.Index, results[row.Index]);
            }

            open.RemoveAll(r => !r.IsOpen);
        }

        return results;
    }

    private void Choose(Row row, ReadOnlySpan<float> logits, GenerationSettings settings, Sampler sampler, Action<int, int>? onToken)
    {
        row.IsOpen = settings.MaxNewTokens > 0;
        if (!row.IsOpen)
        {
            return;
        }

        int token = sampler.Next(logits, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(row.Tokens), row.Random, (ulong)row.NewTokens);
        row.Tokens.Add(token);
        onToken?.Invoke(row.Index, token);
        row.IsOpen = !settings.StopTokens.Contains(token) && row.NewTokens < settings.MaxNewTokens && decoder.LengthOf(row.Slot) < decoder.Capacity;
    }

    private IEnumerable<int> Enumerate(
        List<int> tokens, GenerationSettings settings, Sampler sampler, RandomStream random, CancellationToken cancellationToken)
    {
        float[] logits = new float[_vocabulary];
        int prompt = tokens.Count;
        int cached = 0;
        decoder.Truncate(0, 0);
        while (tokens.Count - prompt < settings.MaxNewTokens && tokens.Count <= decoder.Capacity)
        {
            cancellationToken.ThrowIfCancellationRequested();
            decoder.Append(0, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(tokens)[cached..], logits);
            cached = tokens.Count;
            int token = sampler.Next(logits, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(tokens), random, (ulong)(tokens.Count - prompt));
            tokens.Add(token);
            yield return token;
            if (settings.StopTokens.Contains(token))
            {
                yield break;
            }
        }
    }

    private static FinishReason ReasonOf(ImmutableArray<int> ids, GenerationSettings settings) =>
        ids.Length > 0 && settings.StopTokens.Contains(ids[^1]) ? FinishReason.StopToken
        : ids.Length >= settings.MaxNewTokens ? FinishReason.Length
        : FinishReason.Capacity;

    private sealed class Row(int index, int slot, List<int> tokens, RandomStream random)
    {
        private readonly int _prompt = tokens.Count;

        public int Index { get; } = index;

        public int Slot { get; } = slot;

        public List<int> Tokens { get; } = tokens;

        public RandomStream Random { get; } = random;

        public bool IsOpen { get; set; }

        public int NewTokens => Tokens.Count - _prompt;

        public GeneratedSequence Result(GenerationSettings settings)
        {
            ImmutableArray<int> ids = [.. Tokens.Skip(_prompt)];
            return new GeneratedSequence(ids, ReasonOf(ids, settings));
        }
    }
}

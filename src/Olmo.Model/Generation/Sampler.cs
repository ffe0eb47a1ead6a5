using Olmo.Model.Numerics;

namespace Olmo.Model.Generation;

/// <summary>
/// Chooses tokens from logits. Scores are fp32 as the reference's, probabilities fp64. Draws are counter-based: the token at a position of a stream is the same
/// whatever else is generated. Not for two threads at once.
/// </summary>
/// <param name="vocabulary">Length of the logits.</param>
/// <param name="settings">How to choose.</param>
public sealed class Sampler(int vocabulary, SamplingSettings settings)
{
    private readonly SamplingSettings _settings = Validated(settings);
    private readonly float[] _scores = new float[vocabulary];
    private readonly double[] _probabilities = new double[vocabulary];
    private readonly bool[] _seen = new bool[vocabulary];
    private readonly int[] _order = new int[vocabulary];
    private readonly ScoreOrder _sort = new(vocabulary);

    /// <summary>The settings.</summary>
    public SamplingSettings Settings => _settings;

    /// <summary>The next token.</summary>
    /// <param name="logits">[V]</param>
    /// <param name="history">Tokens so far, for the repetition penalty.</param>
    /// <param name="stream">Random numbers of the sequence: see <see cref="StreamOf"/>.</param>
    /// <param name="position">Number of the draw in its sequence.</param>
    /// <exception cref="ArgumentException">A logit is not a number, or the length is wrong.</exception>
    public int Next(ReadOnlySpan<float> logits, ReadOnlySpan<int> history, RandomStream stream, ulong position)
    {
        Penalise(logits, history);
        if (_settings.Temperature == 0.0)
        {
            return Largest();
        }

        Distribution();
        double target = stream.Uniform(position);
        double sum = 0.0;
        int last = -1;
        for (int i = 0; i < _probabilities.Length; i++)
        {
            if (_probabilities[i] > 0.0)
            {
                sum += _probabilities[i];
                last = i;
                if (target < sum)
                {
                    return i;
                }
            }
        }

        return last;
    }

    /// <summary>The probabilities from which <see cref="Next"/> draws; with temperature 0 the largest logit has 1.</summary>
    /// <param name="logits">[V]</param>
    /// <param name="history">Tokens so far.</param>
    /// <param name="probabilities">[V]</param>
    public void Probabilities(ReadOnlySpan<float> logits, ReadOnlySpan<int> history, Span<double> probabilities)
    {
        Penalise(logits, history);
        if (_settings.Temperature == 0.0)
        {
            probabilities.Clear();
            probabilities[Largest()] = 1.0;
            return;
        }

        Distribution();
        _probabilities.CopyTo(probabilities);
    }

    /// <summary>The random numbers of a sequence.</summary>
    /// <param name="seed">Seed of the settings.</param>
    /// <param name="sequence">Number of the sequence, for example its row in a batch.</param>
    public static RandomStream StreamOf(ulong seed, long sequence) =>
        new(seed, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"generation/{sequence}"));

    private static SamplingSettings Validated(SamplingSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        settings.Validate();
        return settings;
    }

    private void Penalise(ReadOnlySpan<float> logits, ReadOnlySpan<int> history)
    {
        if (logits.Length != _scores.Length)
        {
            throw new ArgumentException($"{logits.Length} logits were given; the vocabulary has {_scores.Length}.", nameof(logits));
        }

        for (int i = 0; i < logits.Length; i++)
        {
            if (float.IsNaN(logits[i]))
            {
                throw new ArgumentException($"The logit of token {i} is not a number: the model's weights are damaged.", nameof(logits));
            }
        }

        logits.CopyTo(_scores);
        if (_settings.RepetitionPenalty == 1.0)
        {
            return;
        }

        var penalty = (float)_settings.RepetitionPenalty;
        Array.Clear(_seen);
        foreach (int id in history)
        {
            if (!_seen[id])
            {
                _seen[id] = true;
                _scores[id] = _scores[id] < 0f ? _scores[id] * penalty : _scores[id] / penalty;
            }
        }
    }

    private int Largest()
    {
        int best = 0;
        for (int i = 1; i < _scores.Length; i++)
        {
            best = _scores[i] > _scores[best] ? i : best;
        }

        return best;
    }

    private void Distribution()
    {
        var temperature = (float)_settings.Temperature;
        for (int i = 0; i < _scores.Length; i++)
        {
            _scores[i] /= temperature;
            _order[i] = i;
        }

        bool cutsK = _settings.TopK > 0 && _settings.TopK < _scores.Length;
        if (cutsK || _settings.TopP < 1.0)
        {
            _sort.Sort(_scores, _order);
        }

        int kept = _scores.Length;
        if (cutsK)
        {
            float threshold = _scores[_order[_settings.TopK - 1]];
            kept = _settings.TopK;
            while (kept < _scores.Length && _scores[_order[kept]] == threshold)
            {
                kept++;
            }
        }

        Softmax(kept);
        if (_settings.TopP < 1.0)
        {
            Softmax(CutTail(kept));
        }
    }

    // Ids whose sum of probabilities, from the least probable up, is at most 1 - p go; one stays.
    private int CutTail(int kept)
    {
        double tail = 1.0 - _settings.TopP;
        double sum = 0.0;
        while (kept > 1)
        {
            sum += _probabilities[_order[kept - 1]];
            if (sum > tail)
            {
                break;
            }

            kept--;
        }

        return kept;
    }

    // Over the first entries of the order; all others get 0.
    private void Softmax(int kept)
    {
        float max = float.NegativeInfinity;
        for (int i = 0; i < kept; i++)
        {
            max = Math.Max(max, _scores[_order[i]]);
        }

        Array.Clear(_probabilities);
        double sum = 0.0;
        for (int i = 0; i < kept; i++)
        {
            double p = Elementary.Exp((double)_scores[_order[i]] - max);
            _probabilities[_order[i]] = p;
            sum += p;
        }

        for (int i = 0; i < kept; i++)
        {
            _probabilities[_order[i]] /= sum;
        }
    }
}

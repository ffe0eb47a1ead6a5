using System.Text;

namespace Olmo.Model.Generation;

/// <summary>Generates text after text.</summary>
/// <param name="tokens">The model.</param>
/// <param name="encode">Text to tokens.</param>
/// <param name="decode">Tokens to text; incomplete characters come out as U+FFFD.</param>
public sealed class TextGenerator(TokenGenerator tokens, Func<string, IReadOnlyList<int>> encode, Func<IReadOnlyList<int>, string> decode)
{
    private const char Replacement = '\uFFFD';

    /// <summary>The new text in pieces, as it comes; a piece never ends inside a character. A stop token is not part of the text.</summary>
    public IEnumerable<string> Stream(string prompt, GenerationSettings settings, long sequence = 0, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentNullException.ThrowIfNull(settings);
        return Pieces(encode(prompt), settings, sequence, cancellationToken);
    }

    /// <summary>The new text.</summary>
    public string Generate(string prompt, GenerationSettings settings, long sequence = 0, CancellationToken cancellationToken = default)
    {
        StringBuilder text = new();
        foreach (string piece in Stream(prompt, settings, sequence, cancellationToken))
        {
            text.Append(piece);
        }

        return text.ToString();
    }

    /// <summary>The new texts after several prompts, as many side by side as the decoder has sequences.</summary>
    /// <param name="prompts">The prompts; their places are the numbers of their sequences.</param>
    /// <param name="settings">What to generate.</param>
    /// <param name="onPiece">Called with (prompt, piece) as text comes; a piece never ends inside a character, but for a text's last. May be null.</param>
    /// <param name="onEnd">Called with (prompt, new text, new tokens) when a text has ended, after its last piece. May be null.</param>
    /// <param name="cancellationToken">Looked at before each pass.</param>
    public IReadOnlyList<string> GenerateBatch(
        IReadOnlyList<string> prompts,
        GenerationSettings settings,
        Action<int, string>? onPiece = null,
        Action<int, string, GeneratedSequence>? onEnd = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompts);
        ArgumentNullException.ThrowIfNull(settings);
        string[] results = new string[prompts.Count];
        Dictionary<int, (StringBuilder Text, List<int> Held)> open = [];
        tokens.GenerateBatch([.. prompts.Select(encode)], settings, OnToken, OnEnd, cancellationToken);
        return results;

        void OnToken(int prompt, int id)
        {
            (StringBuilder text, List<int> held) = Of(prompt);
            if (!settings.StopTokens.Contains(id) && Next(held, id) is { } piece)
            {
                Give(prompt, text, piece);
            }
        }

        void OnEnd(int prompt, GeneratedSequence sequence)
        {
            (StringBuilder text, List<int> held) = Of(prompt);
            Give(prompt, text, Rest(held));
            open.Remove(prompt);
            results[prompt] = text.ToString();
            onEnd?.Invoke(prompt, results[prompt], sequence);
        }

        (StringBuilder Text, List<int> Held) Of(int prompt)
        {
            if (!open.TryGetValue(prompt, out (StringBuilder Text, List<int> Held) found))
            {
                found = open[prompt] = (new StringBuilder(), []);
            }

            return found;
        }

        void Give(int prompt, StringBuilder text, string piece)
        {
            if (piece.Length > 0)
            {
                text.Append(piece);
                onPiece?.Invoke(prompt, piece);
            }
        }
    }

    // Text that is whole with this token; null: more tokens are needed.
    private string? Next(List<int> held, int id)
    {
        held.Add(id);
        string text = decode(held);
        if (text.Length == 0 || text[^1] == Replacement)
        {
            return null;
        }

        held.Clear();
        return text;
    }

    private string Rest(List<int> held) => held.Count == 0 ? string.Empty : decode(held);

    private IEnumerable<string> Pieces(IReadOnlyList<int> prompt, GenerationSettings settings, long sequence, CancellationToken cancellationToken)
    {
        // Tokens whose text has not been given yet: a character may be spread over several.
        List<int> held = [];
        foreach (int id in tokens.Stream(prompt, settings, sequence, cancellationToken))
        {
            if (settings.StopTokens.Contains(id))
            {
                break;
            }

            if (Next(held, id) is { } text)
            {
                yield return text;
            }
        }

        string rest = Rest(held);
        if (rest.Length > 0)
        {
            yield return rest;
        }
    }
}

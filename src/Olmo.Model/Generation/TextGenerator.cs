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

            held.Add(id);
            string text = decode(held);
            if (text.Length > 0 && text[^1] != Replacement)
            {
                held.Clear();
                yield return text;
            }
        }

        string rest = held.Count == 0 ? string.Empty : decode(held);
        if (rest.Length > 0)
        {
            yield return rest;
        }
    }
}

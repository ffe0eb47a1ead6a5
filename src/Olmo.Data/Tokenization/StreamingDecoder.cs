using System.Text;

namespace Olmo.Data.Tokenization;

/// <summary>
/// Decodes ids one at a time and holds text back while a character may still be incomplete. Its parts together are the decoding of all ids.
/// One per stream; not for several threads at once.
/// </summary>
/// <param name="tokenizer">Whose ids.</param>
/// <param name="skipSpecialTokens">Leaves special tokens out.</param>
public sealed class StreamingDecoder(Tokenizer tokenizer, bool skipSpecialTokens = false)
{
    private readonly List<byte> _pending = [];

    /// <summary>What the id adds, or null if there is nothing to show yet: no bytes, or the text so far ends in U+FFFD.</summary>
    public string? Step(int id)
    {
        if (!(skipSpecialTokens && tokenizer.IsSpecial(id)))
        {
            _pending.AddRange(tokenizer.BytesOf(id));
        }

        string text = Text();
        if (text.Length == 0 || text[^1] == '\uFFFD')
        {
            return null;
        }

        _pending.Clear();
        return text;
    }

    /// <summary>What is still held back at the end of the stream, incomplete characters as U+FFFD; empty if there is nothing.</summary>
    public string Finish()
    {
        string text = Text();
        _pending.Clear();
        return text;
    }

    private string Text() => Encoding.UTF8.GetString(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_pending));
}

using System.Text;
using Olmo.Host.Models;

namespace Olmo.Host.Commands;

/// <summary>
/// Several texts that grow side by side, on one output: prompt and continuation by lines, each written when it is whole, behind the number of its prompt, so that lines of different texts may take turns.
/// </summary>
/// <param name="output">Where lines go; flushed after each.</param>
/// <param name="prompts">All prompts.</param>
internal sealed class LabelledLines(TextWriter output, IReadOnlyList<PromptText> prompts)
{
    private readonly StringBuilder?[] _open = new StringBuilder?[prompts.Count];

    /// <summary>Adds to the text of a prompt.</summary>
    public void Add(int prompt, string piece)
    {
        StringBuilder line = Begun(prompt);
        Append(prompt, line, piece);
    }

    /// <summary>Ends the text of a prompt: what is left of it becomes a line.</summary>
    public void End(int prompt)
    {
        StringBuilder line = Begun(prompt);
        if (line.Length > 0)
        {
            Write(prompt, line);
        }

        _open[prompt] = null;
    }

    private StringBuilder Begun(int prompt)
    {
        if (_open[prompt] is not { } line)
        {
            line = _open[prompt] = new StringBuilder();
            Append(prompt, line, prompts[prompt].Text);
        }

        return line;
    }

    private void Append(int prompt, StringBuilder line, string piece)
    {
        int from = 0;
        for (int end; (end = piece.IndexOf('\n', from)) >= 0; from = end + 1)
        {
            line.Append(piece, from, end - from);
            Write(prompt, line);
        }

        line.Append(piece, from, piece.Length - from);
    }

    private void Write(int prompt, StringBuilder line)
    {
        output.WriteLine($"[{prompt + 1}] {line}");
        output.Flush();
        line.Clear();
    }
}

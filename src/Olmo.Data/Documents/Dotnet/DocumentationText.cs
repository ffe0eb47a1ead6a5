using System.Text;
using System.Xml.Linq;

namespace Olmo.Data.Documents.Dotnet;

/// <summary>Renders documentation elements as plain text: references by name, white space folded, paragraphs on lines of their own, code as it stands.</summary>
internal sealed class DocumentationText(DocumentationNames names)
{
    private static readonly HashSet<string> Hidden = new(StringComparer.Ordinal) { "devremarks", "forInternalUseOnly", "script" };

    private static readonly HashSet<string> Blocks = new(StringComparer.Ordinal) { "para", "p", "br", "div", "ul", "list", "listheader", "remarks", "example", "format" };

    /// <summary>The text of an element, without white space around it.</summary>
    public string Render(XElement element)
    {
        StringBuilder text = new();
        AppendChildren(text, element);
        TrimEnd(text, keepLines: false);
        return text.ToString().Trim();
    }

    private void AppendChildren(StringBuilder text, XElement element)
    {
        foreach (XNode node in element.Nodes())
        {
            switch (node)
            {
                case XText words:
                    AppendWords(text, words.Value);
                    break;
                case XElement child when !Hidden.Contains(child.Name.LocalName):
                    AppendElement(text, child);
                    break;
            }
        }
    }

    private void AppendElement(StringBuilder text, XElement element)
    {
        string name = element.Name.LocalName;
        switch (name)
        {
            case "see" or "seealso" or "xref" or "inheritdoc" or "a":
                AppendReference(text, element);
                break;
            case "paramref" or "typeparamref":
                text.Append((string?)element.Attribute("name"));
                break;
            case "code":
                StartLine(text);
                text.Append(Unindent(element.Value)).Append('\n');
                break;
            case "item" or "li":
                StartLine(text);
                text.Append("- ");
                AppendItem(text, element);
                StartLine(text);
                break;
            case "sup":
                text.Append('^');
                AppendChildren(text, element);
                break;
            default:
                if (Blocks.Contains(name))
                {
                    StartLine(text);
                    AppendChildren(text, element);
                    StartLine(text);
                }
                else
                {
                    AppendChildren(text, element);
                }

                break;
        }
    }

    private void AppendItem(StringBuilder text, XElement element)
    {
        if (element.Element("term") is { } term && element.Element("description") is { } description)
        {
            text.Append(Render(term)).Append(": ").Append(Render(description));
        }
        else
        {
            AppendChildren(text, element);
        }
    }

    private void AppendReference(StringBuilder text, XElement element)
    {
        if (!element.IsEmpty && !string.IsNullOrWhiteSpace(element.Value))
        {
            AppendChildren(text, element);
            return;
        }

        string? reference = (string?)element.Attribute("cref") is { } cref ? names.Reference(cref)
            : (string?)element.Attribute("langword") ?? (string?)element.Attribute("href") ?? (string?)element.Attribute("uid");
        text.Append(reference);
    }

    private static void AppendWords(StringBuilder text, ReadOnlySpan<char> words)
    {
        while (!words.IsEmpty)
        {
            int word = 0;
            while (word < words.Length && !char.IsWhiteSpace(words[word]))
            {
                word++;
            }

            text.Append(words[..word]);
            words = words[word..];
            ReadOnlySpan<char> rest = words.TrimStart();
            if (rest.Length < words.Length)
            {
                AppendSpace(text);
            }

            words = rest;
        }
    }

    private static void AppendSpace(StringBuilder text)
    {
        if (text.Length > 0 && text[^1] is not (' ' or '\n'))
        {
            text.Append(' ');
        }
    }

    private static void StartLine(StringBuilder text)
    {
        TrimEnd(text, keepLines: true);
        if (text.Length > 0 && text[^1] != '\n')
        {
            text.Append('\n');
        }
    }

    private static void TrimEnd(StringBuilder text, bool keepLines)
    {
        while (text.Length > 0 && (text[^1] == ' ' || (!keepLines && text[^1] == '\n')))
        {
            text.Length--;
        }
    }

    private static string Unindent(string code)
    {
        string[] lines = [.. code.ReplaceLineEndings("\n").Split('\n').Select(l => l.TrimEnd())];
        int margin = lines.Where(l => l.Length > 0).Select(l => l.Length - l.TrimStart().Length).DefaultIfEmpty(0).Min();
        return string.Join('\n', lines.Select(l => l.Length > 0 ? l[margin..] : l)).Trim('\n');
    }
}

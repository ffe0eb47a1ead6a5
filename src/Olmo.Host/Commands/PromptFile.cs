using System.Globalization;
using System.Text;
using System.Text.Json;
using Olmo.Data.Documents;
using Olmo.Host.Models;

namespace Olmo.Host.Commands;

/// <summary>
/// Prompts of a file in UTF-8, one a line; blank lines are passed over. Where its name ends in <c>.jsonl</c> a line is a JSON string, or an object with a string <c>prompt</c> and, if wanted, an
/// <c>id</c> (string or number); else a line is a prompt as it stands.
/// </summary>
internal static class PromptFile
{
    private const string Extension = ".jsonl";
    private static readonly int MaximumLineBytes = new JsonlOptions().MaximumLineBytes;
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>All prompts, in the order of the file.</summary>
    /// <exception cref="UsageException">The file cannot be read, has no prompt, or a line is not one; the message names file and line.</exception>
    public static IReadOnlyList<PromptText> Read(string path)
    {
        bool isJson = path.EndsWith(Extension, StringComparison.OrdinalIgnoreCase);
        List<PromptText> prompts = [];
        try
        {
            using FileStream stream = File.OpenRead(path);
            LineReader lines = new(stream, path, MaximumLineBytes);
            while (lines.TryRead(out ReadOnlyMemory<byte> line))
            {
                string where = string.Create(CultureInfo.InvariantCulture, $"{path}, line {lines.Line}");
                string text = Decode(line.Span, where);
                if (!string.IsNullOrWhiteSpace(text))
                {
                    prompts.Add(isJson ? Parse(text, where) : new PromptText(text, where));
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"the prompts of '{path}' cannot be read: {e.Message}");
        }
        catch (DocumentFormatException e)
        {
            throw new UsageException(e.Message);
        }

        return prompts.Count > 0 ? prompts : throw new UsageException($"'{path}' has no prompt: one a line is needed");
    }

    private static string Decode(ReadOnlySpan<byte> line, string where)
    {
        try
        {
            return Strict.GetString(line);
        }
        catch (DecoderFallbackException)
        {
            throw new UsageException($"{where}: not valid UTF-8");
        }
    }

    private static PromptText Parse(string line, string where)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement root = document.RootElement;
            if (root.ValueKind == JsonValueKind.String)
            {
                return new PromptText(root.GetString()!, where);
            }

            if (root.ValueKind != JsonValueKind.Object)
            {
                throw new UsageException($"{where}: a JSON {root.ValueKind}; a string, or an object with \"prompt\", is needed");
            }

            if (!root.TryGetProperty("prompt", out JsonElement prompt) || prompt.ValueKind != JsonValueKind.String)
            {
                throw new UsageException($"{where}: \"prompt\" is missing or not a string");
            }

            bool hasId = root.TryGetProperty("id", out JsonElement id);
            return hasId && id.ValueKind is not (JsonValueKind.String or JsonValueKind.Number)
                ? throw new UsageException($"{where}: \"id\" is neither a string nor a number")
                : new PromptText(prompt.GetString()!, where, hasId ? id.GetRawText() : null);
        }
        catch (JsonException e)
        {
            throw new UsageException($"{where}: not JSON: {e.Message} A prompt as it stands needs a file whose name does not end in {Extension}");
        }
        catch (InvalidOperationException e)
        {
            // GetString of a string with an unpaired surrogate escape.
            throw new UsageException($"{where}: a string is not valid Unicode: {e.Message}");
        }
    }
}

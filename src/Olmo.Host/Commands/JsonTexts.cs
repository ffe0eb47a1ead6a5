using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Olmo.Host.Models;
using Olmo.Model.Generation;

namespace Olmo.Host.Commands;

/// <summary>
/// Continued texts as JSON lines in the order of their prompts, each written as soon as it and all before it have ended: <c>id</c> where the prompt has one, <c>prompt</c>, <c>text</c>, <c>tokens</c> (new
/// ones) and <c>finish</c>: <c>stop</c> (end of text), <c>length</c> (as many as were asked for) or <c>context</c> (the model's context is full).
/// </summary>
/// <param name="output">Where lines go; flushed after each.</param>
/// <param name="prompts">All prompts.</param>
internal sealed class JsonTexts(TextWriter output, IReadOnlyList<PromptText> prompts)
{
    // The lines are JSON, not HTML: characters stand as they are.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly ContinuedText?[] _ended = new ContinuedText?[prompts.Count];
    private int _written;

    /// <summary>Takes a text that has ended.</summary>
    public void End(int prompt, ContinuedText text)
    {
        _ended[prompt] = text;
        for (; _written < _ended.Length && _ended[_written] is { } next; _written++)
        {
            output.WriteLine(Line(prompts[_written], next));
            output.Flush();
            _ended[_written] = null;
        }
    }

    private static string Line(PromptText prompt, ContinuedText text)
    {
        using MemoryStream bytes = new();
        using (Utf8JsonWriter json = new(bytes, Options))
        {
            json.WriteStartObject();
            if (prompt.Id is { } id)
            {
                json.WritePropertyName("id");
                json.WriteRawValue(id);
            }

            json.WriteString("prompt", prompt.Text);
            json.WriteString("text", text.Text);
            json.WriteNumber("tokens", text.Tokens);
            json.WriteString("finish", text.Reason switch
            {
                FinishReason.StopToken => "stop",
                FinishReason.Length => "length",
                _ => "context",
            });
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }
}

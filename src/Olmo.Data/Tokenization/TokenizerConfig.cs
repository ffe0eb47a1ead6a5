using System.Text.Json;

namespace Olmo.Data.Tokenization;

/// <summary>The special tokens that <c>tokenizer_config.json</c> beside a tokenizer names; null where it says nothing.</summary>
internal sealed record TokenizerConfig(string? EosToken, string? BosToken, string? PadToken)
{
    public static TokenizerConfig None { get; } = new(null, null, null);

    public static TokenizerConfig Read(ReadOnlyMemory<byte> json, string file)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonCursor root = new(document.RootElement, file, "$");
            return new TokenizerConfig(Content(root, "eos_token"), Content(root, "bos_token"), Content(root, "pad_token"));
        }
        catch (JsonException e)
        {
            throw new TokenizerFormatException(file, $"line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}", $"is not JSON: {e.Message}", e);
        }
    }

    /// <summary>A string, or an added token with its content.</summary>
    private static string? Content(JsonCursor root, string name) => root.Optional(name) switch
    {
        null => null,
        { Kind: JsonValueKind.Object } token => token.Required("content").Text(),
        { } text => text.Text(),
    };
}

using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Olmo.Data.Tokenization;

/// <summary>
/// Writes <c>tokenizer.json</c> compactly, in the key order and with the escapes of the reference (only quotation mark, reverse
/// solidus and control characters), merges as two-element arrays: the same definition always gives the same bytes.
/// </summary>
internal static class TokenizerJsonWriter
{
    public static byte[] Write(TokenizerDefinition definition)
    {
        ArrayBufferWriter<byte> output = new(1 << 16);
        Raw(output, "{\"version\":\"1.0\",\"truncation\":");
        Element(output, definition.Sections.Truncation);
        Raw(output, ",\"padding\":");
        Element(output, definition.Sections.Padding);
        Raw(output, ",\"added_tokens\":[");
        WriteAddedTokens(output, definition.AddedTokens);
        Raw(output, "],\"normalizer\":");
        Element(output, definition.Sections.Normalizer);
        Raw(output, ",\"pre_tokenizer\":");
        Element(output, definition.Sections.PreTokenizer);
        Raw(output, ",\"post_processor\":");
        Element(output, definition.Sections.PostProcessor);
        Raw(output, ",\"decoder\":");
        Element(output, definition.Sections.Decoder);
        Raw(output, ",\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":null,\"continuing_subword_prefix\":null,");
        Raw(output, "\"end_of_word_suffix\":null,\"fuse_unk\":false,\"byte_fallback\":false,\"ignore_merges\":");
        Raw(output, definition.IgnoresMerges ? "true" : "false");
        Raw(output, ",\"vocab\":{");
        WriteVocabulary(output, definition.Vocabulary);
        Raw(output, "},\"merges\":[");
        WriteMerges(output, definition);
        Raw(output, "]}}");
        return output.WrittenSpan.ToArray();
    }

    private static void WriteAddedTokens(ArrayBufferWriter<byte> output, AddedToken[] tokens)
    {
        for (int i = 0; i < tokens.Length; i++)
        {
            AddedToken token = tokens[i];
            Raw(output, i == 0 ? "{\"id\":" : ",{\"id\":");
            Raw(output, token.Id.ToString(CultureInfo.InvariantCulture));
            Raw(output, ",\"content\":");
            Text(output, token.Content);
            Flag(output, "single_word", token.SingleWord);
            Flag(output, "lstrip", token.LeftStrip);
            Flag(output, "rstrip", token.RightStrip);
            Flag(output, "normalized", token.Normalized);
            Flag(output, "special", token.Special);
            Raw(output, "}");
        }
    }

    private static void WriteVocabulary(ArrayBufferWriter<byte> output, string?[] vocabulary)
    {
        bool first = true;
        for (int id = 0; id < vocabulary.Length; id++)
        {
            if (vocabulary[id] is not { } token)
            {
                continue;
            }

            if (!first)
            {
                Raw(output, ",");
            }

            first = false;
            Text(output, token);
            Raw(output, ":");
            Raw(output, id.ToString(CultureInfo.InvariantCulture));
        }
    }

    private static void WriteMerges(ArrayBufferWriter<byte> output, TokenizerDefinition definition)
    {
        for (int rank = 0; rank < definition.Merges.Length; rank++)
        {
            Raw(output, rank == 0 ? "[" : ",[");
            Text(output, definition.Vocabulary[definition.Merges[rank].Left]!);
            Raw(output, ",");
            Text(output, definition.Vocabulary[definition.Merges[rank].Right]!);
            Raw(output, "]");
        }
    }

    private static void Flag(ArrayBufferWriter<byte> output, string name, bool value) =>
        Raw(output, $",\"{name}\":{(value ? "true" : "false")}");

    private static void Element(ArrayBufferWriter<byte> output, JsonElement? value)
    {
        switch (value?.ValueKind)
        {
            case JsonValueKind.Object:
                Raw(output, "{");
                bool firstProperty = true;
                foreach (JsonProperty property in value.Value.EnumerateObject())
                {
                    Raw(output, firstProperty ? "" : ",");
                    firstProperty = false;
                    Text(output, property.Name);
                    Raw(output, ":");
                    Element(output, property.Value);
                }

                Raw(output, "}");
                break;
            case JsonValueKind.Array:
                Raw(output, "[");
                bool firstItem = true;
                foreach (JsonElement item in value.Value.EnumerateArray())
                {
                    Raw(output, firstItem ? "" : ",");
                    firstItem = false;
                    Element(output, item);
                }

                Raw(output, "]");
                break;
            case JsonValueKind.String:
                Text(output, value.Value.GetString()!);
                break;
            default:
                Raw(output, value is { } scalar ? scalar.GetRawText() : "null");
                break;
        }
    }

    private static void Text(ArrayBufferWriter<byte> output, string text)
    {
        Raw(output, "\"");
        int plain = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] is not ('"' or '\\' or < ' '))
            {
                continue;
            }

            Raw(output, text.AsSpan(plain, i - plain));
            plain = i + 1;
            Raw(output, text[i] switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\b' => "\\b",
                '\f' => "\\f",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                _ => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)text[i]:x4}"),
            });
        }

        Raw(output, text.AsSpan(plain));
        Raw(output, "\"");
    }

    private static void Raw(ArrayBufferWriter<byte> output, ReadOnlySpan<char> text) => Encoding.UTF8.GetBytes(text, output);
}

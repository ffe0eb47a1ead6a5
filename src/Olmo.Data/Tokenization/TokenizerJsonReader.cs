using System.Text.Json;

namespace Olmo.Data.Tokenization;

/// <summary>Reads Hugging Face <c>tokenizer.json</c> with a byte-level BPE model. What is not known is an error, never ignored.</summary>
internal static class TokenizerJsonReader
{
    public static TokenizerDefinition Read(ReadOnlyMemory<byte> json, string file)
    {
        using JsonDocument document = ParseDocument(json, file);
        JsonCursor root = new(document.RootElement, file, "$");
        if (root.Kind != JsonValueKind.Object)
        {
            throw root.Error("must be an object");
        }

        JsonCursor model = root.Required("model");
        CheckModel(model);
        Dictionary<string, int> ids = ReadVocabulary(model.Required("vocab"), out string?[] vocabulary);
        PreTokenizerReader.RequireByteLevelDecoder(root);
        return new TokenizerDefinition
        {
            Vocabulary = vocabulary,
            Merges = ReadMerges(model.Required("merges"), ids),
            AddedTokens = ReadAddedTokens(root, ids, vocabulary),
            NormalizesToNfc = PreTokenizerReader.ReadNormalizer(root.Optional("normalizer")),
            Scanner = PreTokenizerReader.ReadScanner(root),
            TrimsOffsets = PreTokenizerReader.ReadTrimsOffsets(root.Optional("post_processor")),
            IgnoresMerges = model.Flag("ignore_merges"),
            Sections = new TokenizerSections(
                Keep("truncation"), Keep("padding"), Keep("normalizer"), Keep("pre_tokenizer"), Keep("post_processor"), Keep("decoder")),
        };

        JsonElement? Keep(string name) => root.Optional(name)?.Value.Clone();
    }

    private static JsonDocument ParseDocument(ReadOnlyMemory<byte> json, string file)
    {
        ReadOnlyMemory<byte> bytes = json.Span.StartsWith("\uFEFF"u8) ? json[3..] : json;
        try
        {
            return JsonDocument.Parse(bytes);
        }
        catch (JsonException e)
        {
            throw new TokenizerFormatException(file, $"line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}", $"is not JSON: {e.Message}", e);
        }
    }

    private static void CheckModel(JsonCursor model)
    {
        if (model.Type() != "BPE")
        {
            throw model.Required("type").Error("must be \"BPE\", the only model that is supported");
        }

        foreach (string name in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (model.Optional(name) is { } affix && affix.Text().Length > 0)
            {
                throw affix.Error("must be null or empty for a byte-level model");
            }
        }

        if (model.Optional("unk_token") is { } unknown)
        {
            throw unknown.Error("must be null: byte-level models with an unknown token are not supported");
        }

        if (model.Optional("dropout") is { } dropout && !(dropout.Kind == JsonValueKind.Number && dropout.Value.GetDouble() == 0))
        {
            throw dropout.Error("must be null: dropout is not supported");
        }

        if (model.Flag("byte_fallback"))
        {
            throw model.Required("byte_fallback").Error("must be false: byte fallback is not supported");
        }
    }

    private static Dictionary<string, int> ReadVocabulary(JsonCursor vocab, out string?[] vocabulary)
    {
        if (vocab.Kind != JsonValueKind.Object)
        {
            throw vocab.Error("must be an object of token to id");
        }

        Dictionary<string, int> ids = new(StringComparer.Ordinal);
        int highest = -1;
        foreach (JsonProperty entry in vocab.Value.EnumerateObject())
        {
            int id = new JsonCursor(entry.Value, vocab.File, "$.model.vocab").Id();
            if (!ids.TryAdd(entry.Name, id))
            {
                throw new TokenizerFormatException(vocab.File, "$.model.vocab", $"holds the token '{entry.Name}' twice");
            }

            highest = Math.Max(highest, id);
        }

        // A gap costs memory: a vocabulary whose highest id is far above its size is a damaged file, not a sparse one.
        if (highest >= (ids.Count * 4L) + 65536)
        {
            throw new TokenizerFormatException(vocab.File, "$.model.vocab", $"has {ids.Count} tokens but an id of {highest}");
        }

        vocabulary = new string?[highest + 1];
        foreach ((string token, int id) in ids)
        {
            if (vocabulary[id] is { } other)
            {
                throw new TokenizerFormatException(vocab.File, "$.model.vocab", $"gives id {id} to '{other}' and to '{token}'");
            }

            vocabulary[id] = token;
        }

        return ids;
    }

    /// <summary>Both spellings: <c>"a b"</c> and <c>["a", "b"]</c>.</summary>
    private static Merge[] ReadMerges(JsonCursor merges, Dictionary<string, int> ids)
    {
        if (merges.Kind != JsonValueKind.Array)
        {
            throw merges.Error("must be an array");
        }

        Merge[] result = new Merge[merges.Value.GetArrayLength()];
        int rank = 0;
        foreach (JsonElement item in merges.Value.EnumerateArray())
        {
            (string left, string right) = ReadPair(item, rank, merges.File);
            result[rank] = new Merge(IdOf(left), IdOf(right), IdOf(left + right));
            rank++;
        }

        return result;

        int IdOf(string token) => ids.TryGetValue(token, out int id)
            ? id
            : throw new TokenizerFormatException(merges.File, $"$.model.merges[{rank}]", $"needs the token '{token}', which the vocabulary lacks");
    }

    private static (string Left, string Right) ReadPair(JsonElement item, int rank, string file)
    {
        if (item.ValueKind == JsonValueKind.String)
        {
            string text = item.GetString()!;
            int blank = text.IndexOf(' ', StringComparison.Ordinal);
            if (blank > 0 && blank == text.LastIndexOf(' ') && blank < text.Length - 1)
            {
                return (text[..blank], text[(blank + 1)..]);
            }
        }
        else if (item.ValueKind == JsonValueKind.Array && item.GetArrayLength() == 2
            && item[0].ValueKind == JsonValueKind.String && item[1].ValueKind == JsonValueKind.String)
        {
            return (item[0].GetString()!, item[1].GetString()!);
        }

        throw new JsonCursor(item, file, $"$.model.merges[{rank}]").Error("must be \"left right\" or [\"left\", \"right\"]");
    }

    private static AddedToken[] ReadAddedTokens(JsonCursor root, Dictionary<string, int> ids, string?[] vocabulary)
    {
        if (root.Optional("added_tokens") is not { } array)
        {
            return [];
        }

        List<AddedToken> tokens = [];
        HashSet<string> contents = new(StringComparer.Ordinal);
        HashSet<int> takenIds = [];
        foreach (JsonCursor item in array.Items())
        {
            AddedToken token = ReadAddedToken(item);
            if (!contents.Add(token.Content) || !takenIds.Add(token.Id))
            {
                throw item.Error("must have a content and an id of its own");
            }

            bool inModel = ids.TryGetValue(token.Content, out int modelId);
            string? holder = token.Id < vocabulary.Length ? vocabulary[token.Id] : null;
            if (inModel ? modelId != token.Id : holder is not null)
            {
                throw item.Required("id").Error(inModel ? $"must be {modelId}, as in the vocabulary" : $"must not be the id of '{holder}'");
            }

            if (token.Id >= ((vocabulary.Length + tokens.Count) * 4L) + 65536)
            {
                throw item.Required("id").Error($"must be near the vocabulary's {vocabulary.Length} ids");
            }

            tokens.Add(token);
        }

        return [.. tokens.OrderBy(t => t.Id)];
    }

    private static AddedToken ReadAddedToken(JsonCursor item)
    {
        JsonCursor content = item.Required("content");
        if (content.Text().Length == 0)
        {
            throw content.Error("must not be empty");
        }

        return new AddedToken(
            item.Required("id").Id(),
            content.Text(),
            item.Flag("single_word"),
            item.Flag("lstrip"),
            item.Flag("rstrip"),
            item.Flag("normalized"),
            item.Flag("special"));
    }
}

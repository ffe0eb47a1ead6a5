using System.Text;

namespace Olmo.Data.Tokenization;

/// <summary>Vocabulary and merges in the form that encoding and decoding use. Immutable.</summary>
internal sealed class BpeModel
{
    private readonly string?[] _texts;
    private readonly byte[] _bytes;
    private readonly int[] _byteStarts;
    private readonly bool[] _special;
    private readonly Dictionary<string, int> _ids;

    public BpeModel(TokenizerDefinition definition)
    {
        int highestAdded = definition.AddedTokens.Length == 0 ? -1 : definition.AddedTokens[^1].Id;
        Size = Math.Max(definition.Vocabulary.Length, highestAdded + 1);
        _texts = new string?[Size];
        definition.Vocabulary.CopyTo(_texts, 0);
        _ids = new Dictionary<string, int>(Size, StringComparer.Ordinal);
        for (int id = 0; id < definition.Vocabulary.Length; id++)
        {
            if (definition.Vocabulary[id] is { } text)
            {
                _ids.Add(text, id);
            }
        }

        // Before the added tokens join: those are never the spelling of a byte.
        ByteIds = [.. Enumerable.Range(0, 256).Select(b => IdOf(ByteAlphabet.ToChar((byte)b).ToString()) ?? -1)];
        _special = new bool[Size];
        foreach (AddedToken token in definition.AddedTokens)
        {
            _texts[token.Id] = token.Content;
            _special[token.Id] = token.Special;
            _ids[token.Content] = token.Id;
        }

        _byteStarts = new int[Size + 1];
        _bytes = Spell(_texts, _byteStarts);
        Merges = new MergeTable(definition.Merges);
        WholePieces = definition.IgnoresMerges;
    }

    /// <summary>Highest id plus one: the rows that an embedding table needs.</summary>
    public int Size { get; }

    /// <summary>Id of each byte alone, -1 where the vocabulary has none.</summary>
    public int[] ByteIds { get; }

    public MergeTable Merges { get; }

    /// <summary>A piece that is a vocabulary entry is that id without merging.</summary>
    public bool WholePieces { get; }

    public string? TextOf(int id) => (uint)id < (uint)Size ? _texts[id] : null;

    public int? IdOf(string token) => _ids.TryGetValue(token, out int id) ? id : null;

    public bool IsSpecial(int id) => (uint)id < (uint)Size && _special[id];

    /// <summary>The bytes that an id decodes to; empty for ids outside the vocabulary.</summary>
    public ReadOnlySpan<byte> BytesOf(int id) =>
        (uint)id < (uint)Size ? _bytes.AsSpan(_byteStarts[id].._byteStarts[id + 1]) : default;

    /// <summary>Id of a piece as a whole, looked up by its byte spelling.</summary>
    public int? IdOfBytes(ReadOnlySpan<byte> piece)
    {
        StringBuilder spelling = new(piece.Length);
        foreach (byte b in piece)
        {
            spelling.Append(ByteAlphabet.ToChar(b));
        }

        return IdOf(spelling.ToString());
    }

    private static byte[] Spell(string?[] texts, int[] starts)
    {
        byte[][] bytes = [.. texts.Select(t => t is null ? [] : ByteAlphabet.Decode(t))];
        for (int id = 0; id < bytes.Length; id++)
        {
            starts[id + 1] = checked(starts[id] + bytes[id].Length);
        }

        byte[] all = new byte[starts[^1]];
        for (int id = 0; id < bytes.Length; id++)
        {
            bytes[id].CopyTo(all, starts[id]);
        }

        return all;
    }
}

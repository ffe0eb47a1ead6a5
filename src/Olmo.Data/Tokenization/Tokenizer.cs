using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text;

namespace Olmo.Data.Tokenization;

/// <summary>
/// Byte-level BPE that reads and writes Hugging Face <c>tokenizer.json</c>. Immutable, and safe for any number of threads: each
/// call borrows a workspace with a piece cache of fixed size. Truncation and padding sections are kept but not applied.
/// </summary>
public sealed class Tokenizer
{
    private readonly TokenizerDefinition _definition;
    private readonly BpeModel _model;
    private readonly TextSplitter _splitter;
    private readonly ConcurrentBag<EncoderWorkspace> _workspaces = [];

    internal Tokenizer(TokenizerDefinition definition, TokenizerConfig config)
    {
        _definition = definition;
        _model = new BpeModel(definition);
        _splitter = new TextSplitter(definition);
        EosId = NamedOrUsual(config.EosToken, ["<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>"]);
        BosId = NamedOrUsual(config.BosToken, []);
        PadId = NamedOrUsual(config.PadToken, ["<|pad|>", "<|padding|>", "<pad>"]);
    }

    /// <summary>Highest id plus one: the rows that an embedding table needs at least.</summary>
    public int VocabularySize => _model.Size;

    /// <summary>End of text: as <c>tokenizer_config.json</c> says, else the added token of a usual name such as <c>&lt;|endoftext|&gt;</c>.</summary>
    public int? EosId { get; }

    /// <summary>Beginning of text, only if <c>tokenizer_config.json</c> names one.</summary>
    public int? BosId { get; }

    /// <summary>Padding: as <c>tokenizer_config.json</c> says, else the added token of a usual name such as <c>&lt;|pad|&gt;</c>.</summary>
    public int? PadId { get; }

    /// <summary>In order of id.</summary>
    public IReadOnlyList<AddedToken> AddedTokens => _definition.AddedTokens;

    /// <summary>Reads a <c>tokenizer.json</c>, or the folder that holds it, and a <c>tokenizer_config.json</c> beside it.</summary>
    /// <exception cref="TokenizerFormatException">The file is malformed or needs what is not supported.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Tokenizer Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string file = Directory.Exists(path) ? Path.Combine(path, "tokenizer.json") : path;
        string configFile = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file))!, "tokenizer_config.json");
        TokenizerConfig config = File.Exists(configFile)
            ? TokenizerConfig.Read(File.ReadAllBytes(configFile), configFile)
            : TokenizerConfig.None;
        return new Tokenizer(TokenizerJsonReader.Read(File.ReadAllBytes(file), file), config);
    }

    /// <param name="json">Contents of a <c>tokenizer.json</c>.</param>
    /// <param name="name">What errors call it.</param>
    /// <exception cref="TokenizerFormatException">The bytes are malformed or need what is not supported.</exception>
    public static Tokenizer Parse(ReadOnlyMemory<byte> json, string name = "tokenizer.json")
    {
        ArgumentNullException.ThrowIfNull(name);
        return new Tokenizer(TokenizerJsonReader.Read(json, name), TokenizerConfig.None);
    }

    /// <summary>Id of a token in the vocabulary's own spelling (<c>Ġthe</c>, <c>&lt;|endoftext|&gt;</c>), or null.</summary>
    public int? IdOf(string token)
    {
        ArgumentNullException.ThrowIfNull(token);
        return _model.IdOf(token);
    }

    /// <summary>The vocabulary's own spelling of an id, or null for an id outside it.</summary>
    public string? TokenOf(int id) => _model.TextOf(id);

    /// <summary>Whether the id is an added token that is marked special.</summary>
    public bool IsSpecial(int id) => _model.IsSpecial(id);

    /// <summary>The bytes that an id stands for; empty for an id outside the vocabulary.</summary>
    public ReadOnlySpan<byte> BytesOf(int id) => _model.BytesOf(id);

    public int[] Encode(string text, EncodeOptions options = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        EncoderWorkspace workspace = Borrow();
        try
        {
            EncodeInto(workspace, text, options);
            return workspace.Ids.ToArray();
        }
        finally
        {
            _workspaces.Add(workspace);
        }
    }

    /// <summary>Appends the ids of <paramref name="text"/>; unpaired surrogates count as U+FFFD.</summary>
    public void Encode(ReadOnlySpan<char> text, List<int> ids, EncodeOptions options = default)
    {
        ArgumentNullException.ThrowIfNull(ids);
        EncoderWorkspace workspace = Borrow();
        try
        {
            EncodeInto(workspace, text, options);
            int before = ids.Count;
            CollectionsMarshal.SetCount(ids, before + workspace.Ids.Length);
            workspace.Ids.CopyTo(CollectionsMarshal.AsSpan(ids)[before..]);
        }
        finally
        {
            _workspaces.Add(workspace);
        }
    }

    /// <summary>Writes the ids of <paramref name="text"/>.</summary>
    public void Encode(ReadOnlySpan<char> text, IBufferWriter<int> ids, EncodeOptions options = default)
    {
        ArgumentNullException.ThrowIfNull(ids);
        EncoderWorkspace workspace = Borrow();
        try
        {
            EncodeInto(workspace, text, options);
            ids.Write(workspace.Ids);
        }
        finally
        {
            _workspaces.Add(workspace);
        }
    }

    /// <summary>How many ids <paramref name="text"/> has.</summary>
    public int Count(ReadOnlySpan<char> text, EncodeOptions options = default)
    {
        EncoderWorkspace workspace = Borrow();
        try
        {
            EncodeInto(workspace, text, options);
            return workspace.Ids.Length;
        }
        finally
        {
            _workspaces.Add(workspace);
        }
    }

    /// <summary>Ids with spelling and offsets. Slower than <see cref="Encode(string, EncodeOptions)"/>, which has the same ids.</summary>
    public IReadOnlyList<EncodedToken> EncodeWithOffsets(string text, EncodeOptions options = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        EncoderWorkspace workspace = Borrow();
        try
        {
            List<EncodedToken> tokens = [];
            OffsetSink sink = new(_model, workspace, _definition.TrimsOffsets, text, tokens);
            _splitter.Split(text, options, ref sink);
            return tokens;
        }
        finally
        {
            _workspaces.Add(workspace);
        }
    }

    /// <summary>
    /// The text of the ids. Bytes that are not UTF-8 become one U+FFFD per maximal subpart; ids outside the vocabulary are dropped.
    /// </summary>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = false)
    {
        int length = 0;
        foreach (int id in ids)
        {
            length = checked(length + (skipSpecialTokens && _model.IsSpecial(id) ? 0 : _model.BytesOf(id).Length));
        }

        byte[] rented = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            int done = 0;
            foreach (int id in ids)
            {
                if (!(skipSpecialTokens && _model.IsSpecial(id)))
                {
                    _model.BytesOf(id).CopyTo(rented.AsSpan(done));
                    done += _model.BytesOf(id).Length;
                }
            }

            return Encoding.UTF8.GetString(rented, 0, done);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>A <c>tokenizer.json</c> that Hugging Face reads: compact, in one fixed order, so equal tokenizers give equal bytes.</summary>
    public byte[] ToJson() => TokenizerJsonWriter.Write(_definition);

    /// <summary>Writes <see cref="ToJson"/> whole or not at all: a temporary file beside <paramref name="path"/>, flushed, then renamed.</summary>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string temporary = path + ".partial";
        using (FileStream stream = new(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            stream.Write(ToJson());
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }

    private void EncodeInto(EncoderWorkspace workspace, ReadOnlySpan<char> text, EncodeOptions options)
    {
        workspace.Reset();
        IdSink sink = new(workspace);
        _splitter.Split(text, options, ref sink);
    }

    private EncoderWorkspace Borrow() => _workspaces.TryTake(out EncoderWorkspace? workspace) ? workspace : new EncoderWorkspace(_model);

    private int? NamedOrUsual(string? named, string[] usual)
    {
        if (named is not null)
        {
            return _model.IdOf(named);
        }

        foreach (string name in usual)
        {
            if (Array.Exists(_definition.AddedTokens, t => t.Content == name))
            {
                return _model.IdOf(name);
            }
        }

        return null;
    }
}

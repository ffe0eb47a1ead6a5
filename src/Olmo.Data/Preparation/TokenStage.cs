using System.Globalization;
using System.Text;
using System.Text.Json;

using Olmo.Data.Documents;
using Olmo.Data.Files;
using Olmo.Data.TokenFiles;
using Olmo.Data.Tokenization;

namespace Olmo.Data.Preparation;

/// <summary>
/// Encodes the documents into <c>train-00000.npy</c>, <c>heldout-00000.npy</c> and so on. A segment is one file of each; when it is complete, a marker with the number of documents
/// behind it is written, and a run after a kill goes on there. Encoding is parallel, writing in the documents' order.
/// </summary>
internal sealed class TokenStage
{
    private readonly PreparationSettings _settings;
    private readonly HeldOutRule _heldOut;
    private readonly Tokenizer _tokenizer;
    private readonly int _eosId;
    private readonly TokenType _type;
    private readonly StageFolder _folder;
    private readonly IProgress<PreparationProgress>? _progress;
    private readonly CancellationToken _cancellation;
    private readonly List<SegmentManifest> _segments = [];
    private TokenFileWriter? _train;
    private TokenFileWriter? _held;
    private long _segmentDocuments;
    private long _segmentEmpty;
    private long _documents;
    private long _tokens;

    private TokenStage(
        PreparationSettings settings, HeldOutRule heldOut, StageManifest tokenizer, string tokenizerFolder, StageFolder folder, TokenType type, IProgress<PreparationProgress>? progress, CancellationToken cancellation)
    {
        _settings = settings;
        _heldOut = heldOut;
        _tokenizer = Tokenizer.Load(tokenizerFolder);
        _eosId = tokenizer.EosId;
        _type = type;
        _folder = folder;
        _progress = progress;
        _cancellation = cancellation;
    }

    public static (string Folder, bool Reused) Run(
        PreparationSettings settings, string root, HeldOutRule heldOut, string inputs, string tokenizerFolder, StageManifest tokenizer, IProgress<PreparationProgress>? progress, CancellationToken cancellation)
    {
        TokenType type = settings.TokenType ?? TokenTypes.Smallest(tokenizer.VocabularySize);
        if (tokenizer.VocabularySize - 1 > type.LargestId())
        {
            throw new DataException($"A vocabulary of {tokenizer.VocabularySize} does not fit into {type.Name()}: set data.token-type = uint32.");
        }

        if (settings.SegmentTokens < 1)
        {
            throw new DataException($"A token file must hold at least one token, not {settings.SegmentTokens}.");
        }

        SortedDictionary<string, string> parameters = new(StringComparer.Ordinal)
        {
            ["writer"] = "tokens 1",
            ["source"] = settings.Source.Description,
            ["inputs"] = inputs,
            ["held out"] = heldOut.Description,
            ["tokenizer"] = string.Join(' ', tokenizer.Files.Select(f => f.Value)),
            ["token type"] = type.Name(),
            ["special tokens as text"] = settings.SpecialTokensAsText ? "true" : "false",
            ["segment tokens"] = settings.SegmentTokens.ToString(CultureInfo.InvariantCulture),
        };
        StageFolder folder = new(root, "tokens", parameters);
        if (folder.TryReuse(settings.VerifyContents, m => progress?.Report(new PreparationProgress(PreparationStage.Tokens, m))) is not null)
        {
            return (folder.Final, true);
        }

        TokenStage stage = new(settings, heldOut, tokenizer, tokenizerFolder, folder, type, progress, cancellation);
        stage.Build();
        folder.Commit(new StageManifest
        {
            Stage = "tokens",
            Key = folder.Key,
            Parameters = parameters,
            TokenType = type.Name(),
            VocabularySize = tokenizer.VocabularySize,
            EosId = tokenizer.EosId,
            BosId = tokenizer.BosId,
            Segments = stage._segments,
        });
        return (folder.Final, false);
    }

    private void Build()
    {
        Directory.CreateDirectory(_folder.Partial);
        ReadMarkers();
        try
        {
            EncodeAll();
            CloseSegment();
        }
        finally
        {
            _train?.Dispose();
            _held?.Dispose();
        }

        // The markers stay: without them a kill between here and the manifest would cost the whole stage.
        CheckNotEmpty();
    }

    // Complete segments are kept; whatever lies behind the last of them is a torn piece and goes.
    private void ReadMarkers()
    {
        HashSet<string> kept = new(StringComparer.Ordinal);
        for (int i = 0; File.Exists(MarkerPath(i)); i++)
        {
            SegmentManifest segment = JsonSerializer.Deserialize(File.ReadAllBytes(MarkerPath(i)), PreparationJson.Default.SegmentManifest)
                ?? throw new DataException($"{MarkerPath(i)}: is empty");
            _segments.Add(segment);
            kept.Add(MarkerPath(i));
            foreach (TokenFileSummary? file in (TokenFileSummary?[])[segment.Train, segment.HeldOut])
            {
                if (file is not null)
                {
                    string path = Path.Combine(_folder.Partial, file.Name);
                    kept.Add(path);
                    kept.Add(DocumentMetadata.PathOf(path));
                    _tokens += file.LengthTokens;
                }
            }

            _documents += segment.DocumentsRead;
        }

        foreach (string file in Directory.EnumerateFiles(_folder.Partial).Where(f => !kept.Contains(f)))
        {
            File.Delete(file);
        }
    }

    private void EncodeAll()
    {
        EncodeOptions options = new(_settings.SpecialTokensAsText);
        ParallelOptions parallel = new()
        {
            CancellationToken = _cancellation,
            MaxDegreeOfParallelism = _settings.Threads > 0 ? _settings.Threads : Environment.ProcessorCount,
        };
        InputProgress position = new(_settings.Source.Files);
        long skip = _documents;
        using IEnumerator<Document> documents = _settings.Source.Read(_cancellation).Skip(checked((int)Math.Min(skip, int.MaxValue))).GetEnumerator();
        for (long more = skip - Math.Min(skip, int.MaxValue); more > 0; more--)
        {
            documents.MoveNext();
        }

        // One batch is read while the one before is encoded and written.
        Task<EncodedBatch> next = Task.Run(() => EncodedBatch.Read(documents), CancellationToken.None);
        try
        {
            for (EncodedBatch batch = next.GetAwaiter().GetResult(); batch.Count > 0; batch = next.GetAwaiter().GetResult())
            {
                next = Task.Run(() => EncodedBatch.Read(documents), CancellationToken.None);
                batch.Encode(_tokenizer, options, parallel);
                for (int i = 0; i < batch.Count; i++)
                {
                    Write(batch[i], batch.Ids(i));
                }

                _progress?.Report(new PreparationProgress(PreparationStage.Tokens, "tokens: encoding", position.At(batch[batch.Count - 1].Origin), _documents, _tokens));
            }
        }
        finally
        {
            // The enumerator must not be disposed while the reader uses it; its error, if any, was or will be thrown by the loop.
            ((IAsyncResult)next).AsyncWaitHandle.WaitOne();
        }
    }

    private void Write(Document document, int[]? ids)
    {
        if (ids is null)
        {
            _segmentDocuments++;
            _segmentEmpty++;
            _documents++;
            return;
        }

        bool held = _heldOut.IsHeldOut(document);
        TokenFileWriter? current = held ? _held : _train;
        if (current is not null && current.LengthTokens + current.LengthOf(ids) > _settings.SegmentTokens)
        {
            CloseSegment();
            current = null;
        }

        current ??= held ? _held = NewWriter("heldout") : _train = NewWriter("train");
        long before = current.LengthTokens;
        current.Append(ids, document.Id, document.Origin, document.Location, Encoding.UTF8.GetByteCount(document.Text));
        _tokens += current.LengthTokens - before;
        _segmentDocuments++;
        _documents++;
    }

    private TokenFileWriter NewWriter(string split) =>
        new(Path.Combine(_folder.Partial, string.Create(CultureInfo.InvariantCulture, $"{split}-{_segments.Count:D5}.npy")), _type, _eosId);

    private void CloseSegment()
    {
        if (_segmentDocuments == 0)
        {
            return;
        }

        SegmentManifest segment = new(_segmentDocuments, _segmentEmpty, _train?.Complete(), _held?.Complete());
        DurableFile.WriteAllBytes(MarkerPath(_segments.Count), JsonSerializer.SerializeToUtf8Bytes(segment, PreparationJson.Default.SegmentManifest));
        _segments.Add(segment);
        _train?.Dispose();
        _held?.Dispose();
        _train = null;
        _held = null;
        _segmentDocuments = 0;
        _segmentEmpty = 0;
    }

    private void CheckNotEmpty()
    {
        if (_segments.All(s => s.Train is null))
        {
            throw new DataException($"The source gave {_documents} documents, but no text to train on: check data.path and the text field.");
        }

        if (_settings.HeldOutFraction > 0 && _segments.All(s => s.HeldOut is null))
        {
            throw new DataException($"Of {_documents} documents none was held out at a share of {_settings.HeldOutFraction.ToString("R", CultureInfo.InvariantCulture)}: raise data.held-out, give the text as more documents (files of a folder, or lines of a .jsonl file), or set data.held-out = 0.");
        }
    }

    private string MarkerPath(int segment) => Path.Combine(_folder.Partial, string.Create(CultureInfo.InvariantCulture, $"segment-{segment:D5}.json"));

    /// <summary>Share of the inputs' bytes before a file.</summary>
    private sealed class InputProgress
    {
        private readonly Dictionary<string, double> _shares = new(StringComparer.Ordinal);

        public InputProgress(IReadOnlyList<InputFileInfo> files)
        {
            double total = Math.Max(1, files.Sum(f => f.SizeBytes));
            long before = 0;
            foreach (InputFileInfo file in files)
            {
                before += file.SizeBytes;
                _shares[file.Name] = before / total;
            }
        }

        public double? At(string origin) => _shares.TryGetValue(origin, out double share) ? share : null;
    }
}

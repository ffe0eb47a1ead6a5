using Olmo.Data.Documents;
using Olmo.Data.Tokenization;

namespace Olmo.Data.Preparation;

/// <summary>Some documents in order, and their ids once encoded.</summary>
internal sealed class EncodedBatch
{
    private const int MaximumDocuments = 512;
    private const int MaximumCharacters = 1 << 22;

    private readonly List<Document> _documents = [];
    private int[]?[] _ids = [];

    public int Count => _documents.Count;

    public Document this[int index] => _documents[index];

    /// <summary>Takes the next documents; empty at the end.</summary>
    public static EncodedBatch Read(IEnumerator<Document> documents)
    {
        EncodedBatch batch = new();
        long characters = 0;
        while (batch._documents.Count < MaximumDocuments && characters < MaximumCharacters && documents.MoveNext())
        {
            batch._documents.Add(documents.Current);
            characters += documents.Current.Text.Length;
        }

        return batch;
    }

    /// <summary>Encodes all documents, stripped as the Dolma toolkit strips them.</summary>
    public void Encode(Tokenizer tokenizer, EncodeOptions options, ParallelOptions parallel)
    {
        _ids = new int[]?[_documents.Count];
        Parallel.For(0, _documents.Count, parallel, i =>
        {
            string text = TextStrip.Strip(_documents[i].Text);
            _ids[i] = text.Length == 0 ? null : tokenizer.Encode(text, options);
        });
    }

    /// <summary>Ids of a document; null if it has no text.</summary>
    public int[]? Ids(int index) => _ids[index];
}

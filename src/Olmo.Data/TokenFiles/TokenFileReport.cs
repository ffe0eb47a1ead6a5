using System.Collections;

namespace Olmo.Data.TokenFiles;

/// <summary>What one pass over a token file and its metadata shows.</summary>
/// <param name="LengthTokens">Ids.</param>
/// <param name="LargestId">Largest id; -1 for an empty file.</param>
/// <param name="DistinctIds">Different ids.</param>
/// <param name="EosTokens">Ids that equal the EOS id; null where none was given.</param>
/// <param name="Documents">Rows of the metadata file; null where there is none.</param>
/// <param name="LongestDocument">Tokens of the longest document, EOS included.</param>
/// <param name="Problems">What is wrong, one line each; empty if nothing is.</param>
public sealed record TokenFileReport(
    long LengthTokens,
    int LargestId,
    long DistinctIds,
    long? EosTokens,
    long? Documents,
    long LongestDocument,
    IReadOnlyList<string> Problems)
{
    private const int ChunkTokens = 1 << 16;
    private const int MostProblems = 20;

    /// <summary>
    /// Reads the whole file. Checked are: metadata rows follow each other without gap or overlap and cover the file; each document ends with EOS; ids are below the vocabulary size.
    /// </summary>
    /// <param name="file">The file, opened without a vocabulary size, so that ids beyond it are reported instead of thrown.</param>
    /// <param name="eosId">End of document, if known.</param>
    /// <param name="vocabularySize">Ids must be below it, if known.</param>
    /// <param name="cancellation">Checked per chunk.</param>
    public static TokenFileReport Create(TokenFile file, int? eosId = null, int? vocabularySize = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(file);
        List<string> problems = [];
        (int largest, long distinct, long eos) = Scan(file, eosId, cancellation);
        if (vocabularySize is not null && largest >= vocabularySize)
        {
            problems.Add($"the largest id is {largest}, but ids must be below {vocabularySize}, the vocabulary size");
        }

        string metadata = DocumentMetadata.PathOf(file.Path);
        (long? documents, long longest) = File.Exists(metadata) ? Compare(file, metadata, eosId, problems, cancellation) : ((long?)null, 0L);
        return new TokenFileReport(file.LengthTokens, largest, distinct, eosId is null ? null : eos, documents, longest, problems);
    }

    private static (int Largest, long Distinct, long Eos) Scan(TokenFile file, int? eosId, CancellationToken cancellation)
    {
        int[] chunk = new int[ChunkTokens];
        BitArray seen = new(1 << 16);
        int largest = -1;
        long distinct = 0;
        long eos = 0;
        for (long start = 0; start < file.LengthTokens; start += ChunkTokens)
        {
            cancellation.ThrowIfCancellationRequested();
            Span<int> ids = chunk.AsSpan(0, (int)Math.Min(ChunkTokens, file.LengthTokens - start));
            file.Read(start, ids);
            foreach (int id in ids)
            {
                largest = Math.Max(largest, id);
                eos += id == eosId ? 1 : 0;
                if (id >= seen.Length)
                {
                    seen.Length = (int)Math.Min(int.MaxValue, Math.Max(2L * seen.Length, id + 1L));
                }

                distinct += seen[id] ? 0 : 1;
                seen[id] = true;
            }
        }

        return (largest, distinct, eos);
    }

    private static (long? Documents, long Longest) Compare(TokenFile file, string metadata, int? eosId, List<string> problems, CancellationToken cancellation)
    {
        long documents = 0;
        long longest = 0;
        long end = 0;
        int[] last = new int[1];
        foreach (DocumentMetadata document in DocumentMetadata.Read(metadata))
        {
            cancellation.ThrowIfCancellationRequested();
            documents++;
            longest = Math.Max(longest, document.End - document.Start);
            if (document.Start != end)
            {
                Add(problems, $"document {documents} (\"{document.Id}\") starts at token {document.Start}, the one before ends at {end}");
            }

            end = document.End;
            if (end > file.LengthTokens)
            {
                Add(problems, $"document {documents} (\"{document.Id}\") ends at token {end}, the file at {file.LengthTokens}");
                break;
            }

            if (eosId is not null && document.End > document.Start)
            {
                file.Read(document.End - 1, last);
                if (last[0] != eosId)
                {
                    Add(problems, $"document {documents} (\"{document.Id}\") ends with id {last[0]}, not with EOS ({eosId})");
                }
            }
        }

        if (end < file.LengthTokens)
        {
            Add(problems, $"the metadata end at token {end}, the file at {file.LengthTokens}");
        }

        return (documents, longest);
    }

    private static void Add(List<string> problems, string problem)
    {
        if (problems.Count < MostProblems)
        {
            problems.Add(problem);
        }
        else if (problems.Count == MostProblems)
        {
            problems.Add("... and more");
        }
    }
}

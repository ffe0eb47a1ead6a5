namespace Olmo.Data.Instances;

/// <summary>Documents inside a run of ids. A document ends after each EOS; with a BOS id, after an EOS that a BOS follows, and after an EOS at the end.</summary>
public static class DocumentBoundaries
{
    /// <summary>Lengths of the documents of an instance; a tail without EOS counts as one.</summary>
    public static IReadOnlyList<int> Lengths(ReadOnlySpan<int> ids, int eosId, int? bosId = null)
    {
        List<int> lengths = [];
        int start = 0;
        for (int i = 0; i < ids.Length; i++)
        {
            if (i == ids.Length - 1 || Ends(ids, i, eosId, bosId))
            {
                lengths.Add(i + 1 - start);
                start = i + 1;
            }
        }

        return lengths;
    }

    /// <summary>Half-open ranges of the whole documents; a tail without EOS is none.</summary>
    public static IReadOnlyList<(int Start, int End)> Bounds(ReadOnlySpan<int> ids, int eosId, int? bosId = null)
    {
        List<(int, int)> bounds = [];
        int start = 0;
        for (int i = 0; i < ids.Length; i++)
        {
            if (Ends(ids, i, eosId, bosId))
            {
                bounds.Add((start, i + 1));
                start = i + 1;
            }
        }

        return bounds;
    }

    /// <summary>
    /// For each position the position where its document starts within the instance: the first key it may see under document masking. The EOS belongs
    /// to the document it ends. Allocates nothing.
    /// </summary>
    /// <param name="ids">[T]</param>
    /// <param name="eosId">End of document.</param>
    /// <param name="starts">[T], written.</param>
    /// <param name="bosId">Start of document, if the tokenizer has one.</param>
    public static void Starts(ReadOnlySpan<int> ids, int eosId, Span<int> starts, int? bosId = null)
    {
        if (starts.Length != ids.Length)
        {
            throw new ArgumentException($"Lengths must match: ids {ids.Length}, starts {starts.Length}.", nameof(starts));
        }

        int start = 0;
        for (int i = 0; i < ids.Length; i++)
        {
            starts[i] = start;
            if (Ends(ids, i, eosId, bosId))
            {
                start = i + 1;
            }
        }
    }

    private static bool Ends(ReadOnlySpan<int> ids, int i, int eosId, int? bosId) =>
        ids[i] == eosId && (bosId is null || i == ids.Length - 1 || ids[i + 1] == bosId.Value);
}

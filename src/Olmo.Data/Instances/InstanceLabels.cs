namespace Olmo.Data.Instances;

/// <summary>Labels for next-token prediction.</summary>
public static class InstanceLabels
{
    /// <summary>Label of a position that adds nothing to the loss.</summary>
    public const int Ignored = -100;

    /// <summary>
    /// labels[t] = ids[t + 1], the last one ignored. Masks act before the shift: a masked token t removes the prediction <em>of</em> t.
    /// </summary>
    /// <param name="ids">[T]</param>
    /// <param name="keep">[T], 0 where a token is not to be predicted (label mask, or attention mask); empty for all.</param>
    /// <param name="masked">The whole instance is left out.</param>
    /// <param name="labels">[T], written; may not overlap <paramref name="ids"/>.</param>
    /// <returns>Number of labels that are not ignored.</returns>
    /// <exception cref="ArgumentException">Lengths differ.</exception>
    public static int Fill(ReadOnlySpan<int> ids, ReadOnlySpan<byte> keep, bool masked, Span<int> labels)
    {
        if (labels.Length != ids.Length || (!keep.IsEmpty && keep.Length != ids.Length))
        {
            throw new ArgumentException($"Lengths must match: ids {ids.Length}, keep {keep.Length} (or 0), labels {labels.Length}.", nameof(labels));
        }

        if (masked || ids.IsEmpty)
        {
            labels.Fill(Ignored);
            return 0;
        }

        int count = 0;
        for (int t = 0; t < ids.Length - 1; t++)
        {
            bool kept = keep.IsEmpty || keep[t + 1] != 0;
            labels[t] = kept ? ids[t + 1] : Ignored;
            count += kept ? 1 : 0;
        }

        labels[^1] = Ignored;
        return count;
    }

    /// <summary>What <see cref="Fill"/> would return, without the labels.</summary>
    public static int Count(int length, ReadOnlySpan<byte> keep, bool masked)
    {
        if (masked || length == 0)
        {
            return 0;
        }

        if (keep.IsEmpty)
        {
            return length - 1;
        }

        int count = 0;
        for (int t = 1; t < length; t++)
        {
            count += keep[t] != 0 ? 1 : 0;
        }

        return count;
    }
}

namespace Olmo.Data.Instances;

/// <summary>Where the training stands in its data, before the batch that comes next. A value: it goes into checkpoints and manifests.</summary>
/// <param name="Epoch">Counted from 1.</param>
/// <param name="InstancesConsumed">Instances of this epoch that were trained on.</param>
/// <param name="Fingerprint">The data set's <see cref="InstanceDataSet.Fingerprint"/>.</param>
public sealed record DataCursor(long Epoch, long InstancesConsumed, string Fingerprint)
{
    /// <summary>The start of a data set.</summary>
    public static DataCursor Start(string fingerprint) => new(1, 0, fingerprint);

    /// <summary>Refuses to go on with other data.</summary>
    /// <exception cref="DataException">The fingerprints differ.</exception>
    public void Verify(string fingerprint)
    {
        if (!string.Equals(Fingerprint, fingerprint, StringComparison.Ordinal))
        {
            throw new DataException($"The checkpoint was trained on a data set with the fingerprint {Fingerprint}, but the one opened has {fingerprint}: files, their sizes or contents, the sequence length or the filter differ.");
        }
    }
}

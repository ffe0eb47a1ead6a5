namespace Olmo.Data.Documents;

/// <summary>A stream of documents in a fixed order. Reading twice gives the same documents; nothing larger than a file's own unit is held in memory.</summary>
public abstract class DocumentSource
{
    private protected DocumentSource(IReadOnlyList<InputFileInfo> files) => Files = files;

    /// <summary>The files, in the order in which they are read.</summary>
    public IReadOnlyList<InputFileInfo> Files { get; }

    /// <summary>Kind and options in one line: together with the files' contents it decides the documents.</summary>
    public abstract string Description { get; }

    /// <summary>Lines that were skipped by option in the last complete or running <see cref="Read"/>.</summary>
    public virtual long SkippedLines => 0;

    /// <summary>All documents.</summary>
    /// <exception cref="DocumentFormatException">A file is not what it must be.</exception>
    /// <exception cref="DataException">A file cannot be read or decompressed.</exception>
    public abstract IEnumerable<Document> Read(CancellationToken cancellation = default);

    /// <summary>The rule that holds out about a share of this source's text for evaluation; whole assemblies, files or documents.</summary>
    /// <param name="fraction">Share of the text, 0 (none) up to, not including, 1.</param>
    public virtual HeldOutRule HoldOut(double fraction) => HeldOutRule.ByText(fraction);
}

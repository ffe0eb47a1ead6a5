using Olmo.Data.TokenFiles;

namespace Olmo.Data.Preparation;

/// <summary>A run of documents whose token files are complete.</summary>
/// <param name="DocumentsRead">Documents of the source that the segment covers, empty ones included.</param>
/// <param name="EmptyDocuments">Those of them without any text.</param>
/// <param name="Train">The file trained on; null where no document fell to it.</param>
/// <param name="HeldOut">The held-out file; null where no document fell to it.</param>
internal sealed record SegmentManifest(long DocumentsRead, long EmptyDocuments, TokenFileSummary? Train, TokenFileSummary? HeldOut);

using Olmo.Data.TokenFiles;

namespace Olmo.Data.Instances;

/// <summary>One token file of a data set.</summary>
/// <param name="Path">The file.</param>
/// <param name="Type">How ids are stored.</param>
/// <param name="Sha256">Lower-case hex digest of its bytes where known (from a manifest): it then counts in the fingerprint.</param>
/// <param name="LabelMaskPath">A file of one byte per token, 0 where the token is not to be predicted; null for none.</param>
public sealed record TokenFileEntry(string Path, TokenType Type, string? Sha256 = null, string? LabelMaskPath = null);

namespace Olmo.Data.TokenFiles;

/// <summary>What a finished token file holds.</summary>
/// <param name="Name">File name without folder.</param>
/// <param name="LengthTokens">Ids.</param>
/// <param name="LengthBytes">Size of the file.</param>
/// <param name="Documents">Documents.</param>
/// <param name="TextBytes">UTF-8 bytes of the documents' text, as far as the writer was told.</param>
/// <param name="Sha256">Lower-case hex digest of the token file.</param>
/// <param name="MetadataSha256">Lower-case hex digest of the <em>uncompressed</em> document metadata: gzip's bytes differ between libraries.</param>
public sealed record TokenFileSummary(string Name, long LengthTokens, long LengthBytes, long Documents, long TextBytes, string Sha256, string MetadataSha256);

namespace Olmo.Data.Documents;

/// <summary>A file that a source reads.</summary>
/// <param name="FullPath">Where it is.</param>
/// <param name="Name">Its path relative to the source's root, with '/'; the same on every machine.</param>
/// <param name="SizeBytes">Its size.</param>
public sealed record InputFileInfo(string FullPath, string Name, long SizeBytes);

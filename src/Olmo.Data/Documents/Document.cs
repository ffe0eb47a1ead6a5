namespace Olmo.Data.Documents;

/// <summary>A text with its name.</summary>
/// <param name="Id">Unique in its source.</param>
/// <param name="Text">Not trimmed.</param>
/// <param name="Source">What it belongs to: the JSON field "source", the assembly, or the text file.</param>
/// <param name="Origin">The file that it was read from, relative to the source's root, with '/'.</param>
/// <param name="Location">Line or number in that file, from 1.</param>
public sealed record Document(string Id, string Text, string Source, string Origin, long Location);

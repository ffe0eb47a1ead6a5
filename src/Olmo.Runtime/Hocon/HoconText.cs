namespace Olmo.Runtime.Hocon;

/// <summary>A text to parse.</summary>
/// <param name="Name">Its name in messages; for a file, the path.</param>
/// <param name="Content">The text itself.</param>
/// <param name="Path">Full path of the file, which relative includes start from; null where it is no file.</param>
public sealed record HoconText(string Name, string Content, string? Path = null);

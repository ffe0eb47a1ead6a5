namespace Olmo.Model.Formats;

/// <summary>A model folder cannot be used; the message names file, key or tensor, value and what was expected.</summary>
public sealed class HuggingFaceException(string file, string problem, Exception? inner = null) : Exception($"{file}: {problem}", inner)
{
    /// <summary>The file or folder.</summary>
    public string File { get; } = file;
}

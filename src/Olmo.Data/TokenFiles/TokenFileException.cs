namespace Olmo.Data.TokenFiles;

/// <summary>A token file that is damaged, of another type than said, or holds an id that is out of range.</summary>
public sealed class TokenFileException : DataException
{
    public TokenFileException(string path, string message)
        : base($"{path}: {message}") => Path = path;

    public TokenFileException(string path, string message, Exception innerException)
        : base($"{path}: {message}", innerException) => Path = path;

    /// <summary>The file.</summary>
    public string Path { get; }
}

namespace Olmo.Data.Documents;

/// <summary>An input file that cannot be read as documents.</summary>
public sealed class DocumentFormatException : DataException
{
    /// <param name="file">The file.</param>
    /// <param name="line">Line from 1, or null where no line is to blame.</param>
    /// <param name="problem">What is wrong.</param>
    /// <param name="innerException">The cause, if any.</param>
    public DocumentFormatException(string file, long? line, string problem, Exception? innerException = null)
        : base(line is null ? $"{file}: {problem}" : $"{file}({line}): {problem}", innerException!)
    {
        File = file;
        Line = line;
    }

    public string File { get; }

    public long? Line { get; }
}

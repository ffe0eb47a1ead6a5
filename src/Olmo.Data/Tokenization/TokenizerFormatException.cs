namespace Olmo.Data.Tokenization;

/// <summary>A tokenizer file that is malformed, or that asks for something this library does not do. Nothing is guessed.</summary>
public sealed class TokenizerFormatException : DataException
{
    /// <param name="fileName">The file, or a name for where the bytes came from.</param>
    /// <param name="jsonPath">Where in the file, for example <c>$.model.merges[12]</c>.</param>
    /// <param name="problem">What is wrong, with the offending value and what would be accepted.</param>
    public TokenizerFormatException(string fileName, string jsonPath, string problem)
        : base($"{fileName}: {jsonPath}: {problem}") => (FileName, JsonPath) = (fileName, jsonPath);

    /// <inheritdoc cref="TokenizerFormatException(string, string, string)"/>
    public TokenizerFormatException(string fileName, string jsonPath, string problem, Exception innerException)
        : base($"{fileName}: {jsonPath}: {problem}", innerException) => (FileName, JsonPath) = (fileName, jsonPath);

    public string FileName { get; }

    public string JsonPath { get; }
}

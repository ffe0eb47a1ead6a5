using Olmo.Data.Documents;

namespace Olmo.Host.Commands;

/// <summary>Texts to train a tokenizer on, one after the other, never all at once, in the order of the inputs and of the names inside a folder.</summary>
internal static class TrainingTexts
{
    // Text files come in blocks that end at blank lines, so that a file of any length fits into memory.
    private static readonly TextOptions Blocks = new(TextSplit.Blocks, 1 << 20);

    /// <summary>The texts of files and folders.</summary>
    /// <param name="inputs">JSON Lines, text files, or folders: their JSON Lines, or without any their text files.</param>
    /// <param name="field">Where a JSON line has its text.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <exception cref="UsageException">There is no such file or folder.</exception>
    /// <exception cref="Data.DataException">A file cannot be read, or is not what its name says.</exception>
    public static IEnumerable<string> Read(IReadOnlyList<string> inputs, string field, CancellationToken cancellation)
    {
        JsonlOptions lines = new() { TextField = field };
        foreach (string input in inputs)
        {
            if (!File.Exists(input) && !Directory.Exists(input))
            {
                throw new UsageException($"'{input}': no such file or folder");
            }

            foreach (Document document in DocumentSources.Open(DocumentSourceKind.Auto, input, Blocks, lines).Read(cancellation))
            {
                yield return document.Text;
            }
        }
    }
}

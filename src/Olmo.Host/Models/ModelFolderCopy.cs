using Olmo.Data.Tokenization;
using Olmo.Model.Formats;
using Olmo.Model.Models;

namespace Olmo.Host.Models;

/// <summary>A model folder written anew from another: every tensor read, checked and stored in the type asked for; config and tokenizer come along.</summary>
/// <param name="source">A folder as transformers writes it.</param>
internal sealed class ModelFolderCopy(string source)
{
    /// <summary>Files that go with a model, apart from config and weights.</summary>
    internal static readonly string[] CompanionFiles =
    [
        HuggingFaceFolder.GenerationFile, "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt", "chat_template.jinja",
    ];

    /// <summary>Writes the folder.</summary>
    /// <param name="target">Missing or empty; appears whole or not at all.</param>
    /// <param name="type">Type of the weights; null: as they are, or F32 where they are of several types.</param>
    /// <param name="maxShardBytes">Bytes of tensors in a file at most; null: one file.</param>
    /// <param name="more">Gives further files from the model, whether there is a tokenizer, and the digest of the weights; may be null.</param>
    /// <param name="cancellationToken">Leaves nothing.</param>
    /// <exception cref="UsageException">The folder is no model, or the target cannot be written.</exception>
    public WrittenModel Write(
        string target, SafetensorsType? type, long? maxShardBytes, Func<OlmoConfig, bool, string, IEnumerable<ModelFolderFile>>? more, CancellationToken cancellationToken)
    {
        return ModelFolders.Guard(source, () =>
        {
            using HuggingFaceFolder folder = HuggingFaceFolder.Open(source);
            OlmoConfig config = folder.Parameters.Config;
            bool hasTokenizer = CheckTokenizer(config);
            ModelFolderFormat format = new(type ?? folder.StoredType ?? SafetensorsType.F32, maxShardBytes);
            string digest = new ModelFolderWriter(folder.Parameters, format, folder.Read, source).Write(
                target, found => [.. Files(format.Type), .. more?.Invoke(config, hasTokenizer, found) ?? []], cancellationToken);
            return new WrittenModel(folder.Parameters, format.Type, digest, hasTokenizer);
        });
    }

    private IEnumerable<ModelFolderFile> Files(SafetensorsType type)
    {
        foreach (string name in CompanionFiles.Where(name => File.Exists(Path.Combine(source, name))))
        {
            yield return new ModelFolderFile(name, File.ReadAllBytes(Path.Combine(source, name)));
        }

        yield return new ModelFolderFile(HuggingFaceFolder.ConfigFile, HuggingFaceConfig.WithType(File.ReadAllBytes(Path.Combine(source, HuggingFaceFolder.ConfigFile)), type));
    }

    private bool CheckTokenizer(OlmoConfig config)
    {
        string path = Path.Combine(source, "tokenizer.json");
        if (!File.Exists(path))
        {
            return false;
        }

        int entries = Tokenizer.Load(source).VocabularySize;
        return entries <= config.Vocabulary
            ? true
            : throw new HuggingFaceException(path, $"it has {entries} entries; at most 'vocab_size' = {config.Vocabulary} of config.json are needed.");
    }
}

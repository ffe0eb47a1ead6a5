using Olmo.Model.Formats;
using Olmo.Model.Models;

namespace Olmo.Host.Runs;

/// <summary>Writes the trained model as a folder that Hugging Face tools load, tokenizer included.</summary>
internal static class ModelExport
{
    /// <summary>Files of a tokenizer.</summary>
    internal static readonly string[] TokenizerFiles = ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"];

    /// <summary>Writes the folder; files of an earlier export are replaced, and a half-written folder does not load.</summary>
    /// <returns>The folder.</returns>
    public static string Write(string folder, ResidentWeights weights, string tokenizerFolder)
    {
        string[] companions = [.. TokenizerFiles.Select(name => Path.Combine(tokenizerFolder, name)).Where(File.Exists)];
        HuggingFaceFolder.Export(folder, weights, companions: companions);
        return folder;
    }
}

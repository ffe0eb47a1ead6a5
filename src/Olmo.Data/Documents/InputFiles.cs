using Olmo.Data.Files;

namespace Olmo.Data.Documents;

/// <summary>Lists the input files of a path in one fixed order.</summary>
internal static class InputFiles
{
    private static readonly string[] JsonlExtensions = [".jsonl", ".ndjson"];

    public static bool IsJsonl(string path)
    {
        string name = InputFile.NameWithoutCompression(path);
        return JsonlExtensions.Contains(Path.GetExtension(name), StringComparer.Ordinal)
            || (name.Length < Path.GetFileName(path).Length && Path.GetExtension(name) == ".json");
    }

    /// <summary>A file by itself, or the files below a folder that pass the test, by name. Names that start with a dot are passed over.</summary>
    /// <exception cref="DataException">Nothing is found.</exception>
    public static IReadOnlyList<InputFileInfo> List(string path, Func<string, bool> accepts, string wanted)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (File.Exists(path))
        {
            return [new InputFileInfo(path, Path.GetFileName(path), new FileInfo(path).Length)];
        }

        if (!Directory.Exists(path))
        {
            throw new DataException($"{path}: there is no such file or folder (key data.path).");
        }

        InputFileInfo[] files =
        [
            .. Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories)
                .Where(accepts)
                .Select(f => new InputFileInfo(f, Path.GetRelativePath(path, f).Replace(Path.DirectorySeparatorChar, '/'), new FileInfo(f).Length))
                .Where(f => !f.Name.Split('/').Any(part => part.StartsWith('.')))
                .OrderBy(f => f.Name, StringComparer.Ordinal),
        ];
        return files.Length > 0 ? files : throw new DataException($"{path}: the folder holds no file that is {wanted} (key data.path).");
    }
}

using System.Runtime.InteropServices;

namespace Olmo.Data.Documents.Dotnet;

/// <summary>Finds the folder of a .NET SDK that holds reference packs (<c>packs/Microsoft.NETCore.App.Ref</c>).</summary>
internal static class SdkLocator
{
    private const string MainPack = "Microsoft.NETCore.App.Ref";

    /// <summary>Places where the running SDK can be, most telling first: the host that runs us, DOTNET_ROOT, the runtime's own folder, <c>dotnet</c> on PATH.</summary>
    public static IReadOnlyList<string> Candidates(Func<string, string?> variable)
    {
        List<string> roots = [];
        AddFolderOf(roots, variable("DOTNET_HOST_PATH"));
        Add(roots, variable("DOTNET_ROOT"));
        Add(roots, Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        foreach (string folder in (variable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            string program = Path.Combine(folder, OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet");
            if (File.Exists(program))
            {
                AddFolderOf(roots, File.ResolveLinkTarget(program, returnFinalTarget: true)?.FullName ?? program);
            }
        }

        return roots;
    }

    /// <summary>The documentation files of the first candidate that has the main pack, or of a path that a user gives.</summary>
    /// <exception cref="DataException">Nothing is found; the message lists the places and names the key to set.</exception>
    public static IReadOnlyList<InputFileInfo> Find(IReadOnlyList<string> candidates)
    {
        foreach (string root in candidates)
        {
            IReadOnlyList<InputFileInfo> files = FilesOfPacks(Path.Combine(root, "packs"));
            if (files.Count > 0)
            {
                return files;
            }
        }

        throw new DataException(
            $"The documentation of the .NET reference assemblies (packs/{MainPack}/*/ref/*/*.xml) was not found in: {string.Join(", ", candidates)}. "
            + "This .NET installation lacks it (a runtime without an SDK, or a distribution without reference packs). Train on your own text instead: --set data.path=FILE_OR_FOLDER");
    }

    /// <summary>Documentation files of a path: an SDK, its packs folder, or any folder with XML documentation.</summary>
    public static IReadOnlyList<InputFileInfo> FindIn(string path)
    {
        if (!Directory.Exists(path))
        {
            throw new DataException($"{path}: there is no such folder (key data.path).");
        }

        foreach (string packs in (string[])[Path.Combine(path, "packs"), path])
        {
            IReadOnlyList<InputFileInfo> files = FilesOfPacks(packs);
            if (files.Count > 0)
            {
                return files;
            }
        }

        return InputFiles.List(path, f => f.EndsWith(".xml", StringComparison.OrdinalIgnoreCase), "an XML documentation file");
    }

    // Packs share assemblies: each name counts once, the main pack's first.
    private static IReadOnlyList<InputFileInfo> FilesOfPacks(string packs)
    {
        if (!Directory.Exists(Path.Combine(packs, MainPack)))
        {
            return [];
        }

        SortedDictionary<string, InputFileInfo> files = new(StringComparer.Ordinal);
        IEnumerable<string> names = Directory.EnumerateDirectories(packs, "*.Ref").Select(d => Path.GetFileName(d)!).Order(StringComparer.Ordinal);
        foreach (string pack in names.OrderBy(n => n != MainPack))
        {
            if (NewestFolder(Path.Combine(packs, pack)) is not { } version || NewestFolder(Path.Combine(version, "ref")) is not { } framework)
            {
                continue;
            }

            foreach (string file in Directory.EnumerateFiles(framework, "*.xml"))
            {
                string name = Path.GetFileName(file);
                files.TryAdd(name, new InputFileInfo(file, name, new FileInfo(file).Length));
            }
        }

        return [.. files.Values];
    }

    private static string? NewestFolder(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return null;
        }

        return Directory.EnumerateDirectories(folder)
            .OrderByDescending(d => VersionOf(Path.GetFileName(d)))
            .ThenByDescending(d => d, StringComparer.Ordinal)
            .FirstOrDefault();
    }

    // "10.0.12", "10.0.0-rc.1.25", "net10.0", "netstandard2.1"
    private static Version VersionOf(string name)
    {
        string numbers = name.TrimStart("abcdefghijklmnopqrstuvwxyz".ToCharArray()).Split('-')[0];
        return Version.TryParse(numbers, out Version? version) ? version : new Version(0, 0);
    }

    private static void AddFolderOf(List<string> roots, string? program) => Add(roots, program is null ? null : Path.GetDirectoryName(program));

    private static void Add(List<string> roots, string? root)
    {
        if (!string.IsNullOrEmpty(root) && !roots.Contains(Path.GetFullPath(root), StringComparer.Ordinal))
        {
            roots.Add(Path.GetFullPath(root));
        }
    }
}

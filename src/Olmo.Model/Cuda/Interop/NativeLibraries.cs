using System.Runtime.InteropServices;

namespace Olmo.Model.Cuda.Interop;

/// <summary>
/// Finds CUDA's shared libraries: by name, as the system's loader does, then in the folders where toolkits, drivers and Python packages put them.
/// </summary>
/// <param name="extraFolders">Folders of the user's own, separated by colons: looked in before the usual ones; null: none.</param>
/// <param name="root">Root of the file system; a test gives a tree of its own.</param>
internal sealed class NativeLibraries(string? extraFolders, string root = "/")
{
    /// <summary>Environment variable with the user's own folders.</summary>
    public const string PathVariable = "OLMO_CUDA_PATH";

    private static readonly string[] UsualFolders =
    [
        "usr/local/cuda*/lib64", "usr/local/cuda*/targets/x86_64-linux/lib", "usr/lib/x86_64-linux-gnu", "usr/local/nvidia/lib64",
        "opt/*/lib64", "opt/*/lib", "opt/*/targets/x86_64-linux/lib",
    ];

    private static readonly string[] PythonPrefixes = ["usr/lib/python3*", "usr/local/lib/python3*", "opt/*/.venv/lib/python3*", "opt/*/lib/python3*"];

    private static readonly string[] InPackages = ["nvidia/cu13/lib", "nvidia/cuda_nvrtc/lib", "nvidia/cublas/lib"];

    /// <summary>Where this machine's user keeps them.</summary>
    public static NativeLibraries OfThisMachine() => new(Environment.GetEnvironmentVariable(PathVariable));

    /// <summary>Folders that exist, in the order in which they are looked in; of those that differ in a version the newest is first.</summary>
    public IReadOnlyList<string> Folders()
    {
        List<string> folders = [];
        foreach (string own in (extraFolders ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] below = ["", "lib64", "lib", .. InPackages];
            folders.AddRange(below.SelectMany(b => Existing(own, b)));
        }

        folders.AddRange(UsualFolders.SelectMany(pattern => Existing(root, pattern)));
        IEnumerable<string> packages = PythonPrefixes.SelectMany(prefix => new[] { $"{prefix}/site-packages", $"{prefix}/dist-packages" });
        folders.AddRange(packages.SelectMany(p => InPackages.SelectMany(library => Existing(root, $"{p}/{library}"))));
        return [.. folders.Distinct(StringComparer.Ordinal)];
    }

    /// <summary>What would be loaded, best first: the bare names, then files of the newest version, folder by folder.</summary>
    public IEnumerable<string> Candidates(CudaComponent component) =>
        component.FileNames.Concat(component.FileNames.SelectMany(name => Folders().Select(folder => Path.Combine(folder, name)).Where(File.Exists)));

    /// <summary>Loads a component; null where it is not to be found.</summary>
    public LoadedLibrary? Find(CudaComponent component)
    {
        foreach (string candidate in Candidates(component))
        {
            if (NativeLibrary.TryLoad(candidate, out nint handle))
            {
                return new LoadedLibrary(candidate.Contains('/', StringComparison.Ordinal) ? candidate : MappedPath(candidate), handle);
            }
        }

        return null;
    }

    /// <summary>What is said of components that were not found.</summary>
    public string Describe(IEnumerable<CudaComponent> missing)
    {
        IEnumerable<string> parts = missing.Select(c => $"{c.Name} ({string.Join(" or ", c.FileNames)}: {c.Remedy})");
        IReadOnlyList<string> folders = Folders();
        string places = folders.Count == 0 ? "none of the usual folders exists" : $"in {string.Join(", ", folders)}";
        return $"CUDA cannot be used on this machine; not found: {string.Join("; ", parts)}. Looked for by name and {places}; {PathVariable} adds folders.";
    }

    // Folders that a pattern stands for; its parts may have stars.
    private static IEnumerable<string> Existing(string start, string pattern)
    {
        IEnumerable<string> found = [start];
        foreach (string part in pattern.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            found = part.Contains('*', StringComparison.Ordinal) ? found.SelectMany(folder => Matching(folder, part)) : found.Select(folder => Path.Combine(folder, part));
        }

        return found.Where(Directory.Exists);
    }

    private static IEnumerable<string> Matching(string folder, string pattern)
    {
        try
        {
            return Directory.Exists(folder) ? Directory.GetDirectories(folder, pattern).OrderByDescending(p => p, StringComparer.Ordinal) : [];
        }
        catch (UnauthorizedAccessException)
        {
            return [];
        }
    }

    // The loader does not say where it found a name; the system lists what it mapped, by the file's full name ("libcuda.so.580.82" for "libcuda.so.1").
    private static string MappedPath(string name)
    {
        const string maps = "/proc/self/maps";
        string start = $"/{name[..(name.IndexOf(".so", StringComparison.Ordinal) + 3)]}";
        string? line = File.Exists(maps) ? File.ReadLines(maps).FirstOrDefault(l => l.Contains(start, StringComparison.Ordinal)) : null;
        return line is null ? name : line[line.IndexOf('/', StringComparison.Ordinal)..];
    }
}

using System.Security.Cryptography;
using System.Text;

namespace Olmo.Model.Cuda;

/// <summary>The texts of the kernels, which are part of this assembly.</summary>
internal static class KernelSources
{
    private const string Prefix = "Olmo.Model.Cuda.Kernels.";
    private const string Common = "common.cuh";

    /// <summary>The program of a file: what all begin with, and the file.</summary>
    /// <exception cref="ArgumentException">There is no such file.</exception>
    public static string Program(string file) => Read(Common) + "\n" + Read($"{file}.cu");

    /// <summary>SHA-256 of all files with their names, as 64 hexadecimal digits.</summary>
    public static string Hash()
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string name in typeof(KernelSources).Assembly.GetManifestResourceNames().Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{name}\n{Read(name[Prefix.Length..])}\n"));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static string Read(string name)
    {
        using Stream stream = typeof(KernelSources).Assembly.GetManifestResourceStream(Prefix + name)
            ?? throw new ArgumentException($"There is no kernel file '{name}'.", nameof(name));
        using StreamReader reader = new(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}

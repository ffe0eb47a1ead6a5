using System.Security.Cryptography;

namespace Olmo.Model.Cuda;

/// <summary>Compiled kernels in a folder, so that the next process need not compile them: a file begins with the SHA-256 of what follows.</summary>
/// <remarks>A folder that cannot be read or written costs time only. Several processes may use one.</remarks>
/// <param name="folder">Where; null: nothing is kept.</param>
internal sealed class KernelCache(string? folder)
{
    /// <summary>The folder of this user: olmo/cuda in the cache folder of the desktop's rules; null where the user has no home.</summary>
    public static string? DefaultFolder()
    {
        string? cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        if (string.IsNullOrEmpty(cache))
        {
            string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            cache = home.Length == 0 ? null : Path.Combine(home, ".cache");
        }

        return cache is null ? null : Path.Combine(cache, "olmo", "cuda");
    }

    /// <summary>What was kept; null where nothing was, or where the file is damaged.</summary>
    /// <param name="key">Hash of all that decides the code.</param>
    public byte[]? Find(string key)
    {
        try
        {
            byte[] file = folder is null ? [] : File.ReadAllBytes(PathOf(key));
            return file.Length > SHA256.HashSizeInBytes && SHA256.HashData(file.AsSpan(SHA256.HashSizeInBytes)).AsSpan().SequenceEqual(file.AsSpan(0, SHA256.HashSizeInBytes))
                ? file[SHA256.HashSizeInBytes..]
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Keeps code. A file is never seen half written.</summary>
    public void Keep(string key, ReadOnlySpan<byte> code)
    {
        if (folder is null)
        {
            return;
        }

        try
        {
            Directory.CreateDirectory(folder);
            string temporary = $"{PathOf(key)}.{Environment.ProcessId}.{Environment.CurrentManagedThreadId}.tmp";
            File.WriteAllBytes(temporary, [.. SHA256.HashData(code), .. code]);
            File.Move(temporary, PathOf(key), overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next process compiles again.
        }
    }

    private string PathOf(string key) => Path.Combine(folder!, $"{key}.cubin");
}

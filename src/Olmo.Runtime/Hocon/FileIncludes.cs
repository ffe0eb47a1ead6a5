using System.Text;

namespace Olmo.Runtime.Hocon;

/// <summary>Includes from the file system; nothing is fetched over a network.</summary>
/// <param name="resourceRoot">Folder in which <c>classpath(...)</c> and names not found beside the including file are looked up; null for none.</param>
/// <param name="workingDirectory">Folder that <c>file(...)</c> is relative to; null for the process's working directory.</param>
public sealed class FileIncludes(string? resourceRoot = null, string? workingDirectory = null) : IHoconIncludes
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a file as UTF-8.</summary>
    /// <exception cref="HoconException">Kind IO: it cannot be read; kind Parse: it is not UTF-8.</exception>
    public static HoconText Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            return new HoconText(path, File.ReadAllText(path, StrictUtf8), Path.GetFullPath(path));
        }
        catch (DecoderFallbackException e)
        {
            throw new HoconException(HoconErrorKind.Parse, new HoconOrigin(path, 0), "the file is not valid UTF-8", cause: e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HoconException(HoconErrorKind.IO, new HoconOrigin(path, 0), $"the file cannot be read: {e.Message}", cause: e);
        }
    }

    public HoconText? Find(HoconIncludeKind kind, string name, HoconText from)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(from);
        foreach (string candidate in Candidates(kind, name, from))
        {
            if (File.Exists(candidate))
            {
                return Read(candidate);
            }
        }

        return null;
    }

    private IEnumerable<string> Candidates(HoconIncludeKind kind, string name, HoconText from)
    {
        if (kind == HoconIncludeKind.File)
        {
            yield return Path.Combine(workingDirectory ?? Environment.CurrentDirectory, name);
            yield break;
        }

        if (kind == HoconIncludeKind.Heuristic)
        {
            if (Path.IsPathRooted(name))
            {
                yield return name;
            }
            else if (Path.GetDirectoryName(from.Path) is { } folder)
            {
                yield return Path.Combine(folder, name);
            }
        }

        if (kind != HoconIncludeKind.Url && resourceRoot is not null)
        {
            yield return Path.Combine(resourceRoot, name.TrimStart('/'));
        }
    }
}

using System.Text.Json;

using Olmo.Data.Files;

namespace Olmo.Data.Preparation;

/// <summary>
/// The folder of one stage, named by the hash of everything that decides its content. It is filled under a temporary name, its manifest is written last, and it is
/// renamed: what has the final name is complete. Other inputs or settings have another name, so nothing is ever mixed.
/// </summary>
internal sealed class StageFolder
{
    private readonly string _root;
    private readonly string _stage;

    public StageFolder(string root, string stage, SortedDictionary<string, string> parameters)
    {
        _root = root;
        _stage = stage;
        Parameters = parameters;
        Key = StageManifest.KeyOf(parameters);
        Final = Path.Combine(root, $"{stage}-{Key}");
        Partial = Final + DurableFile.PartialSuffix;
    }

    public SortedDictionary<string, string> Parameters { get; }

    public string Key { get; }

    /// <summary>Where the finished stage lies.</summary>
    public string Final { get; }

    /// <summary>Where it is built.</summary>
    public string Partial { get; }

    /// <summary>The manifest of a finished stage, or null. A damaged one is moved aside and null is returned, so that it is built again.</summary>
    /// <param name="verifyContents">Compare digests, not only sizes.</param>
    /// <param name="report">Told what was found.</param>
    public StageManifest? TryReuse(bool verifyContents, Action<string> report)
    {
        if (!Directory.Exists(Final))
        {
            report(Directory.EnumerateDirectories(_root, $"{_stage}-*").Any(d => !d.EndsWith(DurableFile.PartialSuffix, StringComparison.Ordinal))
                ? $"{_stage}: what is prepared here was made from other inputs or settings; building {Path.GetFileName(Final)}"
                : $"{_stage}: building {Path.GetFileName(Final)}");
            return null;
        }

        try
        {
            StageManifest manifest = Read(Final);
            Verify(Final, manifest, verifyContents);
            report($"{_stage}: {Path.GetFileName(Final)} is complete");
            return manifest;
        }
        catch (DataException e)
        {
            string aside = Final + ".damaged";
            if (Directory.Exists(aside))
            {
                Directory.Delete(aside, recursive: true);
            }

            DurableFile.MoveFolder(Final, aside);
            report($"{_stage}: {e.Message}; moved to {Path.GetFileName(aside)}, building it again");
            return null;
        }
    }

    /// <summary>Writes the manifest and gives the folder its name.</summary>
    public void Commit(StageManifest manifest)
    {
        DurableFile.WriteAllBytes(Path.Combine(Partial, StageManifest.FileName), JsonSerializer.SerializeToUtf8Bytes(manifest, PreparationJson.Default.StageManifest));
        DurableFile.MoveFolder(Partial, Final);
    }

    /// <summary>Reads a stage's manifest.</summary>
    /// <exception cref="DataException">It is missing or not a manifest of this version.</exception>
    public static StageManifest Read(string folder)
    {
        string path = Path.Combine(folder, StageManifest.FileName);
        try
        {
            StageManifest manifest = JsonSerializer.Deserialize(File.ReadAllBytes(path), PreparationJson.Default.StageManifest)
                ?? throw new DataException($"{path}: is empty");
            return manifest.Format == StageManifest.CurrentFormat
                ? manifest
                : throw new DataException($"{path}: has format {manifest.Format}, this version reads {StageManifest.CurrentFormat}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new DataException($"{path}: is not a readable manifest: {e.Message}", e);
        }
    }

    /// <summary>Compares the files with the manifest.</summary>
    /// <exception cref="DataException">A file is missing or differs.</exception>
    public static void Verify(string folder, StageManifest manifest, bool contents)
    {
        foreach ((string name, string sha256) in manifest.Files)
        {
            VerifyFile(Path.Combine(folder, name), null, contents ? sha256 : null);
        }

        foreach (SegmentManifest segment in manifest.Segments)
        {
            foreach (TokenFiles.TokenFileSummary? file in (TokenFiles.TokenFileSummary?[])[segment.Train, segment.HeldOut])
            {
                if (file is not null)
                {
                    string path = Path.Combine(folder, file.Name);
                    VerifyFile(path, file.LengthBytes, contents ? file.Sha256 : null);
                    VerifyFile(TokenFiles.DocumentMetadata.PathOf(path), null, null);
                }
            }
        }
    }

    private static void VerifyFile(string path, long? sizeBytes, string? sha256)
    {
        FileInfo info = new(path);
        if (!info.Exists)
        {
            throw new DataException($"{path}: is missing");
        }

        if (sizeBytes is not null && info.Length != sizeBytes)
        {
            throw new DataException($"{path}: has {info.Length} bytes, its manifest says {sizeBytes}");
        }

        if (sha256 is not null && InputFingerprint.Sha256Of(path) is { } actual && actual != sha256)
        {
            throw new DataException($"{path}: has the digest {actual}, its manifest says {sha256}");
        }
    }
}

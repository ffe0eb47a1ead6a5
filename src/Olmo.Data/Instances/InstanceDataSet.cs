using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

using Microsoft.Win32.SafeHandles;

using Olmo.Data.TokenFiles;

namespace Olmo.Data.Instances;

/// <summary>
/// Instances of T ids over token files: each file on its own is cut into floor(tokens / T) blocks, its rest is dropped, blocks ignore document
/// borders, and instance numbers run through the files in the order given. Any thread may read.
/// </summary>
public sealed class InstanceDataSet : IDisposable
{
    private readonly TokenFile[] _files;
    private readonly SafeFileHandle?[] _masks;
    private readonly long[] _ends;

    private InstanceDataSet(InstanceSettings settings, TokenFile[] files, SafeFileHandle?[] masks, long[] ends, string fingerprint)
    {
        Settings = settings;
        _files = files;
        _masks = masks;
        _ends = ends;
        Fingerprint = fingerprint;
    }

    public InstanceSettings Settings { get; }

    /// <summary>T.</summary>
    public int SequenceLength => Settings.SequenceLength;

    /// <summary>Number of instances.</summary>
    public long Count => _ends.Length == 0 ? 0 : _ends[^1];

    /// <summary>
    /// Lower-case hex SHA-256 over what decides the instances: file names without folders, sizes, types, content digests where known, T, M, vocabulary size, EOS, BOS and filter.
    /// </summary>
    public string Fingerprint { get; }

    /// <summary>True if any label can be ignored besides the last of an instance.</summary>
    internal bool CanMask => Settings.Filter is not null || Array.Exists(_masks, m => m is not null);

    /// <summary>Opens the files.</summary>
    /// <exception cref="TokenFileException">A file is missing or damaged, or a label mask has another length than its file.</exception>
    /// <exception cref="DataException">T or M is out of range.</exception>
    public static InstanceDataSet Open(IReadOnlyList<TokenFileEntry> entries, InstanceSettings settings)
    {
        ArgumentNullException.ThrowIfNull(entries);
        ArgumentNullException.ThrowIfNull(settings);
        int target = settings.MaxTargetSequenceLength ?? settings.SequenceLength;
        if (settings.SequenceLength < 1 || target < 1 || target % settings.SequenceLength != 0)
        {
            throw new DataException($"Sequence length {settings.SequenceLength}: must be at least 1 and divide the maximum target sequence length {target}.");
        }

        TokenFile[] files = new TokenFile[entries.Count];
        SafeFileHandle?[] masks = new SafeFileHandle?[entries.Count];
        long[] ends = new long[entries.Count];
        try
        {
            long instances = 0;
            for (int i = 0; i < files.Length; i++)
            {
                files[i] = TokenFile.Open(entries[i].Path, entries[i].Type, settings.VocabularySize);
                masks[i] = OpenMask(entries[i], files[i]);
                instances += files[i].LengthTokens / target * settings.ChunkInstances;
                ends[i] = instances;
            }

            return new InstanceDataSet(settings, files, masks, ends, ComputeFingerprint(entries, files, settings));
        }
        catch
        {
            Close(files, masks);
            throw;
        }
    }

    /// <summary>The files' half-open ranges of instance numbers.</summary>
    public IReadOnlyList<(long First, long End)> FileRanges()
    {
        (long, long)[] ranges = new (long, long)[_ends.Length];
        for (int i = 0; i < ranges.Length; i++)
        {
            ranges[i] = (i == 0 ? 0 : _ends[i - 1], _ends[i]);
        }

        return ranges;
    }

    /// <summary>Where an instance lies: the file and the offset of its first id, for whoever asks what a batch held.</summary>
    public (string Path, long OffsetTokens) Locate(long instance)
    {
        int file = FileOf(instance, out long inFile);
        return (_files[file].Path, inFile * SequenceLength);
    }

    /// <summary>Reads the ids of an instance. Allocates nothing.</summary>
    /// <param name="instance">0 ... <see cref="Count"/> - 1.</param>
    /// <param name="ids">[T], written.</param>
    public void Read(long instance, Span<int> ids)
    {
        ThrowIfNotSequence(ids.Length, nameof(ids));
        int file = FileOf(instance, out long inFile);
        _files[file].Read(inFile * SequenceLength, ids);
    }

    /// <summary>Reads the label mask of an instance. False, and nothing written, where its file has none. Allocates nothing.</summary>
    public bool TryReadLabelMask(long instance, Span<byte> keep)
    {
        ThrowIfNotSequence(keep.Length, nameof(keep));
        int file = FileOf(instance, out long inFile);
        if (_masks[file] is not { } mask)
        {
            return false;
        }

        long offset = inFile * SequenceLength;
        while (!keep.IsEmpty)
        {
            int read = RandomAccess.Read(mask, keep, offset);
            if (read == 0)
            {
                throw new TokenFileException(_files[file].Path, $"its label mask ends at byte {offset}");
            }

            offset += read;
            keep = keep[read..];
        }

        return true;
    }

    /// <summary>True if the repetition filter masks an instance with these ids.</summary>
    public bool IsMasked(ReadOnlySpan<int> ids) => Settings.Filter is not null && Settings.Filter.Rejects(ids);

    /// <inheritdoc/>
    public void Dispose() => Close(_files, _masks);

    private static void Close(TokenFile?[] files, SafeFileHandle?[] masks)
    {
        foreach (TokenFile? file in files)
        {
            file?.Dispose();
        }

        foreach (SafeFileHandle? mask in masks)
        {
            mask?.Dispose();
        }
    }

    private static SafeFileHandle? OpenMask(TokenFileEntry entry, TokenFile file)
    {
        if (entry.LabelMaskPath is null)
        {
            return null;
        }

        SafeFileHandle handle;
        try
        {
            handle = File.OpenHandle(entry.LabelMaskPath, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.RandomAccess);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TokenFileException(entry.LabelMaskPath, $"cannot be opened: {e.Message}", e);
        }

        long length = RandomAccess.GetLength(handle);
        if (length != file.LengthTokens)
        {
            handle.Dispose();
            throw new TokenFileException(entry.LabelMaskPath, $"has {length} bytes, but {entry.Path} has {file.LengthTokens} tokens: a label mask holds one byte per token");
        }

        return handle;
    }

    private static string ComputeFingerprint(IReadOnlyList<TokenFileEntry> entries, TokenFile[] files, InstanceSettings settings)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, "fixed-length-instances-1");
        foreach (long number in (long[])[
            settings.SequenceLength,
            settings.MaxTargetSequenceLength ?? settings.SequenceLength,
            settings.VocabularySize,
            settings.EosId,
            settings.BosId ?? -1,
            settings.Filter?.MaximumPeriod ?? 0,
            settings.Filter?.MinimumPeriod ?? 0,
            settings.Filter?.MaximumCount ?? 0,
            entries.Count])
        {
            Append(hash, number);
        }

        for (int i = 0; i < entries.Count; i++)
        {
            Append(hash, Path.GetFileName(entries[i].Path));
            Append(hash, files[i].LengthBytes);
            Append(hash, entries[i].Type.SizeBytes());
            Append(hash, entries[i].Sha256 ?? "");
            Append(hash, entries[i].LabelMaskPath is null ? "" : Path.GetFileName(entries[i].LabelMaskPath)!);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Append(IncrementalHash hash, long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        hash.AppendData(bytes);
    }

    private static void Append(IncrementalHash hash, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Append(hash, bytes.Length);
        hash.AppendData(bytes);
    }

    private int FileOf(long instance, out long inFile)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(instance);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(instance, Count);
        int low = 0;
        int high = _ends.Length - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = instance < _ends[middle] ? (low, middle) : (middle + 1, high);
        }

        inFile = instance - (low == 0 ? 0 : _ends[low - 1]);
        return low;
    }

    private void ThrowIfNotSequence(int length, string name)
    {
        if (length != SequenceLength)
        {
            throw new ArgumentException($"The span has {length} elements, but an instance has {SequenceLength}.", name);
        }
    }
}
